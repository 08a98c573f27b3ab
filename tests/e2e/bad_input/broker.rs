//! A broker that is not there when the worker starts.

use connectd_harness::{Worker, beside_others, bootstrap, eventually};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::common::options;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_later() {
    let _turn = beside_others().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = closed.local_addr().expect("an address").to_string();
    drop(closed);
    let mut worker = Worker::start_with(options(), &address, false).await;
    let health = async || {
        let answer = worker.rest.try_send("GET", "/health", None).await?;
        (answer.status == 503 && answer.json()["status"] == "starting").then_some(answer)
    };
    let answer = eventually("the health of a worker without a broker", health).await;
    let says_so = async || worker.log().contains(&address).then_some(());
    eventually("a log line that names the broker", says_so).await;
    assert_ne!(answer.json()["message"], "");
    let refused = worker.rest.send("GET", "/connectors", None).await;
    assert_eq!(refused.status, 503, "{}", refused.text);

    let listener = TcpListener::bind(&address).await.expect("the port again");
    let forwarder = tokio::spawn(forward(listener));
    worker.wait_until_healthy().await;
    assert_eq!(worker.rest.get("/connectors").await, serde_json::json!([]));
    forwarder.abort();
}

/// Passes connections on to the real broker, whose own address the client then learns.
async fn forward(listener: TcpListener) {
    loop {
        let (mut client, _) = listener.accept().await.expect("a connection");
        tokio::spawn(async move {
            let mut broker = TcpStream::connect(bootstrap()).await.expect("the broker");
            drop(copy_bidirectional(&mut client, &mut broker).await);
        });
    }
}
