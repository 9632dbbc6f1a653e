//! The server on a real socket: keep-alive, limits of connections, smuggling, slow senders, an orderly end.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use entente_web::{Options, serve};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::{World, basic};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Server {
    world: World,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start(options: Options) -> Server {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let exchange = world.exchange.clone();
    let ended = tokio::spawn(async move { serve(listener, exchange, options, stopped).await.unwrap() });
    Server { world, address, stop, ended }
}

/// Sends bytes and reads what comes until the server closes or is silent for a while.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that refuses early may close while the rest is being sent.
    let _ = stream.write_all(request).await;
    read(&mut stream).await
}

async fn read(stream: &mut TcpStream) -> String {
    let mut out = Vec::new();
    let mut part = [0_u8; 4096];
    while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(1_500), stream.read(&mut part)).await {
        if count == 0 {
            break;
        }
        out.extend_from_slice(part.get(..count).unwrap());
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test]
async fn a_connection_carries_many_requests_and_the_server_ends_in_order() {
    let server = start(Options::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut part = [0_u8; 4096];
        let count = stream.read(&mut part).await.unwrap();
        assert!(String::from_utf8_lossy(part.get(..count).unwrap()).starts_with("HTTP/1.1 200"));
    }
    server.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server.ended).await.unwrap().unwrap();
    let mut part = [0_u8; 16];
    assert_eq!(stream.read(&mut part).await.unwrap(), 0, "the idle connection was closed");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn abuse_a40_heads_that_are_too_large_end_the_connection_and_nothing_else() {
    let server = start(Options::default()).await;
    let huge = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(1 << 20));
    assert_eq!(status(&exchange(server.address, huge.as_bytes()).await), "431");
    let fields: String = (0..10_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
    assert_eq!(status(&exchange(server.address, many.as_bytes()).await), "431");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(20 << 10));
    assert_eq!(status(&exchange(server.address, long.as_bytes()).await), "414");
    let fine = exchange(server.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&fine), "200");
}

/// A request that must not be taken for one when it stands behind another.
const NEXT: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn abuse_a40_two_lengths_of_one_body_never_make_two_requests() {
    let server = start(Options::default()).await;
    for fields in [
        "Content-Length: 4\r\nContent-Length: 30",
        "Content-Length: 4, 30",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:\u{b}chunked",
        "Content-Length: +4",
        "Content-Length: -1",
    ] {
        let request = format!("POST /theme HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\n{NEXT}");
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{fields}: {answer}");
        assert_eq!(status(&answer), "400", "{fields}: {answer}");
    }
    // Both at once: the coding rules and the connection ends after it (RFC 9112 §6.1), so nothing behind it is read.
    for fields in
        ["Content-Length: 30\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 30"]
    {
        let request = format!("POST /theme HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\n{NEXT}");
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut stream).await;
        assert_eq!((answer.matches("HTTP/1.1 ").count(), status(&answer)), (1, "415"), "{fields}: {answer}");
        let _ = stream.write_all(NEXT.as_bytes()).await;
        assert_eq!(read(&mut stream).await, "", "{fields}: the connection is closed");
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_unread() {
    let server = start(Options::default()).await;
    let auth = basic(&server.world.fusion);
    let head = format!(
        "POST /taxii2/exchange/collections/agr-12-fusion-in/objects/ HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\n\
         Content-Type: application/taxii+json;version=2.1\r\nContent-Length: 33554433\r\n\r\n"
    );
    let begin = Instant::now();
    let answer = exchange(server.address, head.as_bytes()).await;
    assert_eq!(status(&answer), "413", "{answer}");
    assert!(answer.contains("\"error_code\":\"taxii.too_large\"") && answer.contains("connection: close"), "{answer}");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn slow_senders_are_not_waited_for() {
    let mut options = Options::default();
    options.progress_timeout = Duration::from_millis(300);
    let server = start(options).await;
    // Nothing at all, the beginning of a head, and the beginning of the preface of HTTP/2: closed without an answer.
    for beginning in ["", "GET /heal", "PRI * HT"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut part = [0_u8; 64];
        let read = tokio::time::timeout(Duration::from_secs(4), stream.read(&mut part)).await;
        assert!(read.is_ok(), "{beginning}: still open");
    }
    let auth = basic(&server.world.fusion);
    let head = format!(
        "POST /taxii2/exchange/collections/agr-12-fusion-in/objects/ HTTP/1.1\r\nHost: x\r\nAuthorization: {auth}\r\n\
         Content-Type: application/taxii+json;version=2.1\r\nContent-Length: 1000\r\n\r\n{{\"objects\""
    );
    let answer = exchange(server.address, head.as_bytes()).await;
    assert_eq!(status(&answer), "408", "{answer}");
    assert!(answer.contains("taxii.slow"));
}

#[tokio::test]
async fn connections_above_the_limit_wait_their_turn() {
    let mut options = Options::default();
    options.connections_max = 1;
    let server = start(options).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut part = [0_u8; 4096];
    assert!(first.read(&mut part).await.unwrap() > 0);
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), second.read(&mut part)).await;
    assert!(early.is_err(), "the second connection is served beside the first");
    drop(first);
    assert_eq!(status(&read(&mut second).await), "200");
}
