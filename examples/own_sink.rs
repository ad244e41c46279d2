//! How do I send events to a place for which there is no sink?
use std::{io, net::UdpSocket, time::Duration};

use trine::{Output, Sink, WriteError, info};

/// Sends each line as a datagram.
#[derive(Debug)]
struct UdpSink(UdpSocket);

impl Sink for UdpSink {
    /// Takes one or more whole lines. On an error it says how much was taken: the rest comes again later.
    fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        let mut written = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            self.0.send(line).map_err(|source| WriteError { written, source })?;
            written += line.len();
        }
        Ok(())
    }

    fn describe(&self) -> String {
        "udp".to_owned()
    }
}

fn main() -> io::Result<()> {
    let collector = UdpSocket::bind("127.0.0.1:0")?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(collector.local_addr()?)?;
    trine::setup().output(Output::to(UdpSink(socket))).start();

    info!("user_login", user_id = "user_123");
    info!("page_view", page = "/dashboard");

    collector.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut datagram = [0; 2048];
    for _ in 0..2 {
        let length = collector.recv(&mut datagram)?;
        print!("received {length} bytes: {}", String::from_utf8_lossy(&datagram[..length]));
    }
    Ok(())
}
