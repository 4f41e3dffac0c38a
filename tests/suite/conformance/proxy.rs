//! A TCP proxy before a server, which breaks connections when it is told to: at once, or so
//! that a call has been carried out and its answer is lost.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The proxy. Its port stays the same while servers behind it come and go.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    server: Mutex<String>,
    open: Mutex<Vec<TcpStream>>,
    loses_answer: AtomicBool,
}

impl Proxy {
    /// Starts one before the server at an address.
    pub(crate) fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared =
            Arc::new(Shared { server: Mutex::new(server.to_owned()), ..Shared::default() });
        let accepting = Arc::clone(&shared);
        // It ends with the process: there is nothing to tidy up.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.connect(&client));
            }
        });
        Self { address, shared }
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Breaks all connections.
    pub(crate) fn cut(&self) {
        for stream in self.shared.open.lock().expect("the list").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Breaks the connection over which the next answer comes, before it arrives.
    pub(crate) fn lose_answer(&self) {
        self.shared.loses_answer.store(true, Ordering::SeqCst);
    }

    /// Whether an answer is still to be lost.
    pub(crate) fn is_to_lose(&self) -> bool {
        self.shared.loses_answer.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn connect(&self, client: &TcpStream) {
        let address = self.server.lock().expect("the address").clone();
        // With no server there, the connection ends at once.
        let Ok(server) = TcpStream::connect(address) else { return };
        let both = [client.try_clone(), server.try_clone()].into_iter().flatten();
        self.open.lock().expect("the list").extend(both);
        let (Ok(mut from_client), Ok(mut to_server)) = (client.try_clone(), server.try_clone())
        else {
            return;
        };
        for stream in [client, &server] {
            let _ = stream.set_nodelay(true);
        }
        // HTTP/2 begins with a line of its own; pages speak HTTP/1.1 (RFC 9113, section 3.4).
        let mut first = [0; 3];
        if from_client.read_exact(&mut first).and_then(|()| to_server.write_all(&first)).is_err() {
            return;
        }
        thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        let _ = match &first {
            b"PRI" => self.pass_frames(&server, client),
            _ => self.pass_bytes(&server, client),
        };
        for stream in [client, &server] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Passes on what the server sends, HTTP/2 frame by frame (RFC 9113, section 4.1).
    fn pass_frames(&self, mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        const HEADERS: u8 = 1;
        let mut head = [0; 9];
        loop {
            server.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut frame = head.to_vec();
            io::Read::take(server, u64::from(length)).read_to_end(&mut frame)?;
            if head[3] == HEADERS && self.loses_answer.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            client.write_all(&frame)?;
        }
    }

    /// Passes on what the server sends, which is answers and nothing else.
    fn pass_bytes(&self, mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        loop {
            let count = server.read(&mut bytes)?;
            if count == 0 || self.loses_answer.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            client.write_all(&bytes[..count])?;
        }
    }
}
