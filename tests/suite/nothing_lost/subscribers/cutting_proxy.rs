//! A TCP proxy that cuts each connection after a random number of bytes of the server's,
//! within a frame as likely as not.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

/// The fewest and the most bytes that pass before a cut.
const PASSED: (u64, u64) = (100, 30_000);

pub(super) struct CuttingProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    cuts: AtomicUsize,
    is_done: AtomicBool,
    seed: AtomicU64,
}

impl CuttingProxy {
    /// Starts one before the server at an address.
    pub(super) fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            cuts: AtomicUsize::new(0),
            is_done: AtomicBool::new(false),
            seed: AtomicU64::new(20_260_101),
        });
        let accepting = Arc::clone(&shared);
        // It ends with the process: there is nothing to tidy up.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&accepting);
                thread::spawn(move || _ = shared.pass(client));
            }
        });
        Self { address, shared }
    }

    /// Returns where it listens.
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns how many connections it has cut.
    pub(super) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Cuts no more; also not the connections that there are.
    pub(super) fn stop_cutting(&self) {
        self.shared.is_done.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    /// Returns the next number of a sequence that is the same in each run (xorshift).
    fn next(&self) -> u64 {
        let next = |mut x: u64| {
            x ^= x << 13;
            x ^= x >> 7;
            Some(x ^ (x << 17))
        };
        let updated = self.seed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        updated.expect("there is always a next one")
    }

    fn pass(&self, mut client: TcpStream) -> io::Result<()> {
        let mut server = TcpStream::connect(&self.server)?;
        server.set_nodelay(true)?;
        client.set_nodelay(true)?;
        let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        let mut left = PASSED.0 + self.next() % (PASSED.1 - PASSED.0);
        let mut bytes = [0; 16 << 10];
        loop {
            let count = server.read(&mut bytes)?;
            let is_done = self.is_done.load(Ordering::SeqCst);
            if count == 0 {
                break;
            }
            if !is_done && count as u64 >= left {
                let left = usize::try_from(left).unwrap_or(count);
                client.write_all(&bytes[..left])?;
                self.cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            left = left.saturating_sub(count as u64);
            client.write_all(&bytes[..count])?;
        }
        for stream in [&client, &server] {
            let _ = stream.shutdown(Shutdown::Both);
        }
        Ok(())
    }
}
