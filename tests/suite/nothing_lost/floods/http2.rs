//! HTTP/2 by hand: a client that does what no library would (RFC 9113).

use std::io;

use prost::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::DEADLINE;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// The setting of the window that each stream begins with.
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    /// Connects, and says what HTTP/2 begins with.
    pub(crate) async fn open(addr: &str) -> Self {
        let mut stream = TcpStream::connect(addr).await.expect("the server accepts");
        stream.set_nodelay(true).expect("a setting");
        stream.write_all(&beginning()).await.expect("the beginning");
        Self(stream)
    }

    /// Sends bytes; fails when the server has closed the connection, or takes nothing for
    /// too long.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(DEADLINE, self.0.write_all(bytes)).await?
    }

    /// Reads and drops what comes until there was a frame of a kind; whether there was one
    /// before the end.
    pub(crate) async fn until(&mut self, kind: u8) -> bool {
        let find = async {
            loop {
                let mut head = [0; 9];
                self.0.read_exact(&mut head).await?;
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; length as usize];
                self.0.read_exact(&mut payload).await?;
                if head[3] == kind {
                    return io::Result::Ok(());
                }
            }
        };
        timeout(DEADLINE, find).await.expect("a frame or the end in time").is_ok()
    }

    /// Waits until the server has taken in what was sent; drops what comes.
    pub(crate) async fn is_through(&mut self) {
        self.send(&frame(PING, 0, 0, &[7; 8])).await.expect("a ping");
        assert!(self.until(PING).await, "an answer to the ping");
    }

    /// Reads and drops what comes until the server closes the connection.
    pub(crate) async fn is_closed(&mut self) {
        let end = async {
            let mut bytes = vec![0; 64 << 10];
            while let Ok(1..) = self.0.read(&mut bytes).await {}
        };
        timeout(2 * DEADLINE, end).await.expect("the server closes the connection");
    }

    /// Waits for the end without taking anything that comes before it.
    pub(crate) async fn is_gone(&mut self) {
        // The end of a connection that was given up is an error to whoever writes to it.
        let ping = frame(PING, 1, 0, &[0; 8]);
        let wait = std::time::Duration::from_millis(200);
        while self.0.write_all(&ping).await.is_ok() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// What a client says first.
pub(crate) fn beginning() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A setting.
pub(crate) fn setting(name: u16, value: u32) -> Vec<u8> {
    let mut payload = name.to_be_bytes().to_vec();
    payload.extend(value.to_be_bytes());
    frame(SETTINGS, 0, 0, &payload)
}

/// The headers of a call, as a block without any compression (RFC 7541, section 6.2.2).
pub(crate) fn header_block(method: &str) -> Vec<u8> {
    let path = format!("/callboard.v1.{method}");
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path.as_str()),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let mut block = Vec::new();
    for text in fields.iter().flat_map(|&(name, value)| [(true, name), (false, value)]) {
        if text.0 {
            block.push(0);
        }
        block.push(u8::try_from(text.1.len()).expect("shorter than 127 bytes"));
        block.extend(text.1.as_bytes());
    }
    block
}

/// A header with a value of so many bytes, without any compression; lengths over 126 take
/// further bytes of seven bits each (RFC 7541, section 5.1).
pub(crate) fn field(name: &str, length: usize) -> Vec<u8> {
    let mut field = vec![0, u8::try_from(name.len()).expect("shorter than 127 bytes")];
    field.extend(name.as_bytes());
    match u8::try_from(length) {
        Ok(short @ ..127) => field.push(short),
        _ => {
            field.push(127);
            let mut rest = length - 127;
            while rest >= 128 {
                field.push(0x80 | u8::try_from(rest % 128).expect("seven bits"));
                rest /= 128;
            }
            field.push(u8::try_from(rest).expect("seven bits"));
        }
    }
    field.resize(field.len() + length, b'y');
    field
}

/// The beginning of a call.
pub(crate) fn call(stream: u32, method: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &header_block(method))
}

/// A message of a call, in as many frames as it takes.
pub(crate) fn message(stream: u32, message: &impl Message, last: bool) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(message.encoded_len()).expect("a length").to_be_bytes());
    bytes.extend(message.encode_to_vec());
    let count = bytes.chunks(16 << 10).count();
    let pieces = bytes.chunks(16 << 10).enumerate().map(|(nth, piece)| {
        let flags = if last && nth + 1 == count { END_STREAM } else { 0 };
        frame(DATA, flags, stream, piece)
    });
    pieces.flatten().collect()
}

/// The end of a stream by its client's will.
pub(crate) fn reset(stream: u32) -> Vec<u8> {
    const CANCEL: u32 = 8;
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}
