//! Ten faults at random, one after another. `CLUSTER_SEED` repeats the ones of a run.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use connectd_harness::cluster::{Timestamp, WorkloadOptions};
use connectd_harness::{Kafka, Proxy, alone, shortest_session};
use serde_json::json;

use super::broker::restart_broker;
use super::scene::{Scene, options, tell};
use super::sleep::AWAKENING;

const ROUNDS: usize = 10;
/// The worker behind the proxy.
const FAR: usize = 2;

/// Xorshift: a run can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let asked = std::env::var("CLUSTER_SEED").ok();
        let seed = asked.map(|seed| seed.parse::<u64>().expect("CLUSTER_SEED is a number"));
        let now = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .expect("after 1970")
        };
        // Of zero comes nothing but zero.
        let seed = seed.unwrap_or_else(|| now().subsec_nanos().into()).max(1);
        tell(&format!("CLUSTER_SEED={seed}"));
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("small")
    }
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Kill,
    KillAndComeBack,
    Leave,
    Nap,
    Sleep,
    Cut,
    Hold,
    Broker,
    TwoAtOnce,
    Change,
}

const FAULTS: [Fault; 10] = [
    Fault::Kill,
    Fault::KillAndComeBack,
    Fault::Leave,
    Fault::Nap,
    Fault::Sleep,
    Fault::Cut,
    Fault::Hold,
    Fault::Broker,
    Fault::TwoAtOnce,
    Fault::Change,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_faults_at_random_lose_nothing() {
    let _alone = alone().await;
    Kafka::new().delete_all().await;
    let mut dice = Dice::new();
    let mut proxy = Proxy::of_kafka().await;
    let mut options = options(3);
    options.proxied = Some(FAR);
    let mut scene = Scene::start(options, WorkloadOptions::thirty()).await;
    for round in 0..ROUNDS {
        let fault = FAULTS[dice.below(FAULTS.len())];
        let worker = dice.below(3);
        let (moment, begun) = (Timestamp::now(), Instant::now());
        scene.happens(fault, worker, &mut proxy, round).await;
        let lasted = begun.elapsed();
        let took = scene.cluster.settled_and_balanced().await;
        tell(&format!(
            "{moment:.3}: {fault:?} of {worker} lasted {lasted:.1?}, even again after {took:.1?}"
        ));
    }
    scene.end(AWAKENING).await;
}

impl Scene {
    async fn happens(&mut self, fault: Fault, worker: usize, proxy: &mut Proxy, round: usize) {
        let cluster = &mut self.cluster;
        let moment = Timestamp::now();
        match fault {
            Fault::Kill => {
                cluster.kill(worker);
                cluster.settled().await;
                cluster.start_again(worker).await;
            }
            Fault::KillAndComeBack => {
                cluster.kill(worker);
                cluster.start_again(worker).await;
            }
            Fault::Leave => {
                cluster.ask_to_stop(worker);
                cluster.ended(worker).await;
                cluster.settled().await;
                cluster.start_again(worker).await;
            }
            Fault::Nap | Fault::Sleep => {
                cluster.put_to_sleep(worker);
                let asleep = Timestamp::now();
                let session = shortest_session();
                let lasts = match fault {
                    Fault::Nap => session / 2,
                    _ => session + Duration::from_millis(1500),
                };
                tokio::time::sleep(lasts).await;
                self.work.sends_were_held_up(moment, asleep);
                self.cluster.wake(worker);
            }
            Fault::Cut | Fault::Hold => {
                if matches!(fault, Fault::Cut) {
                    proxy.cut().await;
                } else {
                    proxy.hold();
                }
                cluster.is_cut(FAR, true);
                cluster.settled().await;
                proxy.heal().await;
                if matches!(fault, Fault::Hold) {
                    self.work.sends_were_held_up(moment, Timestamp::now());
                }
                self.cluster.is_cut(FAR, false);
            }
            Fault::Broker => restart_broker(true).await,
            Fault::TwoAtOnce => {
                cluster.kill(worker);
                cluster.ask_to_stop((worker + 1) % 3);
                cluster.ended((worker + 1) % 3).await;
                cluster.settled().await;
                cluster.start_again(worker).await;
                cluster.start_again((worker + 1) % 3).await;
            }
            Fault::Change => {
                let source = self.work.source(0);
                let path = format!("/connectors/{source}/config");
                let mut config = self.cluster.rest(worker).get(&path).await;
                config["batch.size"] = (100 + round).to_string().into();
                let body = json!(config).to_string();
                let answer = self
                    .cluster
                    .rest(worker)
                    .send("PUT", &path, Some(&body))
                    .await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }
    }
}
