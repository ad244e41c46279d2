//! [`serve_metrics`]: a thread that answers Prometheus, with the standard library alone.
//!
//! One thread, so that a flood of clients cannot take more of the program than that. It sleeps in `accept` while nobody is
//! connected, and otherwise looks round without ever blocking on one client: a slow one delays nobody, and has a deadline.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use trine_ring::caught::catch_unwind;

use crate::health;

/// Most clients at one time. Prometheus comes with one, two of them in parallel with two, a person with curl; when there are
/// more, the one that has been there longest goes.
const CONNECTIONS_MAX: usize = 16;
/// Longest request head that is read. Prometheus sends some 300 bytes; servers usually allow 8 KiB.
const HEAD_BYTES_MAX: usize = 8 << 10;
/// From the connection to the last byte of the answer, and as long again for the client to close.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks at clients that are not ready.
const LOOK_PAUSE: Duration = Duration::from_millis(1);
/// Pause after a failed `accept`: without descriptors it would fail again at once, and again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Longest wait for the connection that ends the thread's sleep.
const WAKE_WAIT: Duration = Duration::from_secs(1);

const TEXT: &str = "text/plain; charset=utf-8";
/// The content type of the format that [`prometheus`](super::prometheus) writes.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers `GET /metrics` with [`metrics::prometheus`](super::prometheus), and `GET /healthz` with `ok`, until the process ends
/// or [`MetricsServer::stop`] is called. Dropping the handle changes nothing.
///
/// The address says who can ask: `127.0.0.1:9464` this machine alone, `0.0.0.0:9464` everybody who reaches it, without any
/// question for a password: names of events and operations are visible to them. Port 0 takes a free one; see
/// [`MetricsServer::address`].
///
/// Bounds: one thread, 16 connections (beyond them the oldest is closed), 8 KiB of request head, 5 s per request; each connection
/// serves one request. `/healthz` answers as long as the process does, whatever becomes of its log: a full disk is no reason to
/// restart it. The child of a fork serves nothing.
///
/// Errors: the address cannot be resolved or bound (in use, not allowed), or the thread cannot be started.
///
/// ```
/// use std::{io::{Read, Write}, net::TcpStream};
///
/// let server = trine::serve_metrics("127.0.0.1:0")?;
/// trine::info!("coffee_brew_completed", duration_ms = 250);
///
/// let mut client = TcpStream::connect(server.address())?;
/// client.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
/// assert!(answer.contains(r#"trine_operation_runs_total{operation="coffee_brew",outcome="ok"} 1"#));
/// server.stop();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve_metrics(address: impl ToSocketAddrs) -> io::Result<MetricsServer> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let is_stopping = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&is_stopping);
    let thread = thread::Builder::new().name("trine-metrics".into()).spawn(move || {
        if let Err(error) = serve(&listener, &until) {
            health::report(format_args!("metrics are no longer served on {address}: {error}"));
        }
    })?;
    Ok(MetricsServer { address, is_stopping, process: std::process::id(), thread })
}

/// Metrics being served. From [`serve_metrics`].
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    /// Whose thread it is.
    process: u32,
    thread: JoinHandle<()>,
}

impl MetricsServer {
    /// Where it listens; the port is the real one where zero was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it. When this returns, the port is free again; answers that are not complete are cut. In the child of a fork it
    /// does nothing: the thread is the parent's.
    pub fn stop(self) {
        if self.process != std::process::id() {
            return;
        }
        self.is_stopping.store(true, Ordering::Release);
        // It may sleep in `accept`.
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(match own.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        if TcpStream::connect_timeout(&own, WAKE_WAIT).is_ok() || self.thread.is_finished() {
            let _ = self.thread.join();
        }
    }
}

/// Returns when it is told to stop, or when the listener is broken.
fn serve(listener: &TcpListener, is_stopping: &AtomicBool) -> io::Result<()> {
    let mut connections: VecDeque<Connection<TcpStream>> = VecDeque::new();
    while !is_stopping.load(Ordering::Acquire) {
        let sleeps = connections.is_empty();
        listener.set_nonblocking(!sleeps)?;
        match listener.accept() {
            Ok((stream, _)) => {
                if !is_stopping.load(Ordering::Acquire) && stream.set_nonblocking(true).is_ok() {
                    admit(&mut connections, Connection::new(stream, Instant::now()));
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                thread::sleep(LOOK_PAUSE);
            }
            Err(_) => thread::sleep(ACCEPT_PAUSE),
        }
        let now = Instant::now();
        connections.retain_mut(|connection| connection.step(now, respond));
    }
    Ok(())
}

/// Takes a client in, at the cost of the oldest when there are too many: who asks at once is always answered.
fn admit<S>(connections: &mut VecDeque<Connection<S>>, connection: Connection<S>) {
    if connections.len() >= CONNECTIONS_MAX {
        connections.pop_front();
    }
    connections.push_back(connection);
}

/// What is needed of a connection.
trait Stream: Read + Write {
    /// Says that no more will be written.
    fn finish(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}

/// One client, from its request to its end.
struct Connection<S> {
    stream: S,
    deadline: Instant,
    state: State,
}

enum State {
    /// The head so far.
    Reads(Vec<u8>),
    /// The answer, and how much of it was written.
    Writes(Vec<u8>, usize),
    /// All is written. Closing before the client has would take back what it has not read yet (RFC 9112, 9.6).
    Lingers,
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<S> Connection<S> {
    fn new(stream: S, now: Instant) -> Connection<S> {
        Connection { stream, deadline: now + ANSWER_WAIT, state: State::Reads(Vec::new()) }
    }
}

impl<S: Stream> Connection<S> {
    /// Goes on as far as the client lets it. False when it is over.
    fn step(&mut self, now: Instant, respond: impl Fn(&[u8]) -> Vec<u8>) -> bool {
        if now >= self.deadline {
            return false;
        }
        match self.advance(now, respond) {
            Ok(goes_on) => goes_on,
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    fn advance(&mut self, now: Instant, respond: impl Fn(&[u8]) -> Vec<u8>) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        while let State::Reads(head) = &mut self.state {
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                return Ok(false);
            }
            // The end may lie between two readings: look again at the last bytes of the one before.
            let from = head.len().saturating_sub(3);
            head.extend_from_slice(&buffer[..read]);
            let is_whole = head[from..].windows(4).any(|bytes| bytes == b"\r\n\r\n");
            if is_whole || head.len() > HEAD_BYTES_MAX {
                let answer = if is_whole { respond(head) } else { too_large() };
                self.state = State::Writes(answer, 0);
            }
        }
        if let State::Writes(answer, written) = &mut self.state {
            while *written < answer.len() {
                match self.stream.write(&answer[*written..])? {
                    0 => return Ok(false),
                    n => *written += n,
                }
            }
            self.stream.finish()?;
            self.state = State::Lingers;
            self.deadline = now + ANSWER_WAIT;
        }
        // One reading a look, so that a client that never stops sending takes no more than the others.
        Ok(self.stream.read(&mut buffer)? > 0)
    }
}

/// The answer to a request head.
fn respond(head: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return answer("400 Bad Request", TEXT, "", "a request line is `GET /metrics HTTP/1.1`\n", true);
    };
    if !version.starts_with("HTTP/1.") {
        return answer("505 HTTP Version Not Supported", TEXT, "", "HTTP/1.1 is spoken here\n", true);
    }
    if !matches!(method, "GET" | "HEAD") {
        return answer("405 Method Not Allowed", TEXT, "Allow: GET, HEAD\r\n", "only GET and HEAD\n", true);
    }
    let has_body = method == "GET";
    match target.split('?').next() {
        // A sink of the user's is flushed on the way, and may panic.
        Some("/metrics") => match catch_unwind(super::prometheus) {
            Ok(text) => answer("200 OK", PROMETHEUS, "", &text, has_body),
            Err(_) => answer("500 Internal Server Error", TEXT, "", "a sink panicked\n", has_body),
        },
        Some("/healthz") => answer("200 OK", TEXT, "", "ok\n", has_body),
        _ => answer("404 Not Found", TEXT, "", "there are /metrics and /healthz\n", has_body),
    }
}

fn too_large() -> Vec<u8> {
    answer("431 Request Header Fields Too Large", TEXT, "", "the request's head is too large\n", true)
}

fn answer(status: &str, content: &str, more: &str, body: &str, has_body: bool) -> Vec<u8> {
    let length = body.len();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"
    );
    if has_body {
        answer.push_str(body);
    }
    answer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that sends and takes a few bytes a look.
    #[derive(Debug, Default)]
    struct Client {
        sends: Vec<u8>,
        /// Bytes that it sends, and takes, before it wants to be asked again.
        at_once: usize,
        got: Vec<u8>,
        is_finished: bool,
        is_asked_again: bool,
        /// Takes nothing.
        is_deaf: bool,
    }

    impl Client {
        fn new(sends: &str, at_once: usize) -> Client {
            Client { sends: sends.into(), at_once, ..Client::default() }
        }

        fn may(&mut self) -> io::Result<()> {
            self.is_asked_again = !self.is_asked_again;
            if self.is_asked_again { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
        }
    }

    impl Read for Client {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.may()?;
            let n = self.at_once.min(self.sends.len()).min(buffer.len());
            if n == 0 && !self.is_finished {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            buffer[..n].copy_from_slice(&self.sends[..n]);
            self.sends.drain(..n);
            Ok(n)
        }
    }

    impl Write for Client {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may()?;
            if self.is_deaf {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let n = self.at_once.min(bytes.len());
            self.got.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Client {
        fn finish(&mut self) -> io::Result<()> {
            self.is_finished = true;
            Ok(())
        }
    }

    /// What a client gets that sends and takes so many bytes at once, and how many looks it took.
    #[track_caller]
    fn ask(request: &str, at_once: usize) -> String {
        let now = Instant::now();
        let mut connection = Connection::new(Client::new(request, at_once), now);
        for _ in 0..100_000 {
            if !connection.step(now, respond) {
                return String::from_utf8(connection.stream.got).unwrap();
            }
        }
        panic!("it does not end");
    }

    #[track_caller]
    fn check(request: &str, status: &str, body: &str) {
        for at_once in [1, 3, 100_000] {
            let answer = ask(&format!("{request}\r\nHost: localhost\r\n\r\n"), at_once);
            let (head, found) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(head.lines().next().unwrap(), format!("HTTP/1.1 {status}"), "{request}");
            assert!(head.contains("\r\nConnection: close"), "{head}");
            assert_eq!(found, body, "{request}");
        }
    }

    #[test]
    fn each_request_has_its_answer_however_the_bytes_come() {
        check("GET /healthz HTTP/1.1", "200 OK", "ok\n");
        check("GET /healthz?verbose=1 HTTP/1.0", "200 OK", "ok\n");
        check("HEAD /healthz HTTP/1.1", "200 OK", "");
        check("GET / HTTP/1.1", "404 Not Found", "there are /metrics and /healthz\n");
        check("POST /metrics HTTP/1.1", "405 Method Not Allowed", "only GET and HEAD\n");
        check("GET /metrics HTTP/2", "505 HTTP Version Not Supported", "HTTP/1.1 is spoken here\n");
        check("hello", "400 Bad Request", "a request line is `GET /metrics HTTP/1.1`\n");
        check("\u{0}\u{1f}\u{7f} ü", "400 Bad Request", "a request line is `GET /metrics HTTP/1.1`\n");
    }

    #[test]
    fn metrics_have_the_content_type_of_their_format_and_their_length() {
        let answer = ask("GET /metrics HTTP/1.1\r\n\r\n", 1 << 20);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        assert!(body.contains("# TYPE trine_events_total counter\n"), "{body}");
    }

    #[test]
    fn an_endless_head_is_refused_when_it_is_too_long() {
        let answer = ask(&format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(1 << 20)), 900);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    #[test]
    fn a_client_that_says_nothing_or_reads_nothing_has_a_deadline() {
        let begin = Instant::now();
        let mut silent = Connection::new(Client::new("", 1), begin);
        let mut deaf = Connection::new(Client::new("GET /healthz HTTP/1.1\r\n\r\n", 100), begin);
        deaf.stream.is_deaf = true;
        let before = begin + ANSWER_WAIT - Duration::from_millis(1);
        for _ in 0..10 {
            assert!(silent.step(before, respond) && deaf.step(before, respond));
        }
        assert!(matches!(deaf.state, State::Writes(_, 0)));
        assert!(!silent.step(begin + ANSWER_WAIT, respond));
        assert!(!deaf.step(begin + ANSWER_WAIT, respond));
    }

    #[test]
    fn beyond_the_most_connections_the_oldest_goes() {
        let now = Instant::now();
        let mut connections = VecDeque::new();
        for number in 0..CONNECTIONS_MAX + 3 {
            admit(&mut connections, Connection::new(number, now));
        }
        let numbers: Vec<usize> = connections.iter().map(|connection| connection.stream).collect();
        assert_eq!(numbers, (3..CONNECTIONS_MAX + 3).collect::<Vec<_>>());
    }

    #[test]
    fn clients_that_say_nothing_keep_no_other_waiting() {
        let server = serve_metrics("127.0.0.1:0").unwrap();
        let silent: Vec<TcpStream> =
            (0..3 * CONNECTIONS_MAX).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
        let mut client = TcpStream::connect(server.address()).unwrap();
        let begin = Instant::now();
        client.write_all(b"GET /healthz HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
        assert!(begin.elapsed() < ANSWER_WAIT, "{:?}", begin.elapsed());
        drop(silent);
        server.stop();
    }

    #[test]
    fn a_stopped_server_frees_its_port_and_a_taken_one_is_an_error() {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let server = serve_metrics(address).unwrap();
            let taken = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.address().port());
            let error = serve_metrics(taken).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
            server.stop();
            assert!(TcpStream::connect(taken).is_err());
        }
        assert!(serve_metrics("no address").is_err());
    }
}
