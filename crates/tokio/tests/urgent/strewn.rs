//! Synchs strewn into text at random, against drivers of every kind.

use crate::nvt::Nvt;
use crate::peer::{MANNERS, STUCK, connection, say, synch};
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};
use wirelore_testkit::Rng;
use wirelore_tokio::{Driver, DriverConfig, Pumped, UrgentStream};

/// Everything is consumed, every DM is reached in urgent mode, and the machine is not told of a mark
/// behind it.
async fn strewn(seed: u64) {
    let mut rng = Rng::new(seed);
    let (ours, mut peer) = connection().await;
    let config = DriverConfig {
        receive: *rng.pick(&[0, 5, 40, 65_536]),
        ..DriverConfig::default()
    };
    let ours = UrgentStream::new(ours).unwrap();
    let mut driver = Driver::new(Nvt::default(), ours, &config).with_urgent();
    let manner = *rng.pick(&MANNERS);
    let (lazy, owned) = (rng.below(2) == 0, rng.below(2) == 0);
    let peer = tokio::spawn(async move {
        // How many octets were sent, and where the last DM stands.
        let (mut sent, mut last, mut synchs) = (0, 0, 0);
        for _ in 0..60 {
            match rng.below(4) {
                0 => {
                    synch(&peer, manner);
                    sent += 2;
                    last = sent;
                    synchs += 1;
                }
                1 => sleep(Duration::from_micros(rng.below(300))).await,
                _ => {
                    let text = &b"0123456789abcdef"[..1 + rng.below(16) as usize];
                    say(&peer, text);
                    sent += text.len();
                }
            }
        }
        peer.shutdown().await.unwrap();
        (sent, last, synchs, peer)
    });
    let serve = async {
        if owned {
            while driver.next().await.unwrap().is_some() {
                if lazy {
                    sleep(Duration::from_micros(200)).await;
                }
            }
            return;
        }
        loop {
            let pumped = driver.pump(|_, _, _| match lazy {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            });
            if pumped.await.unwrap() == Pumped::Done {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(STUCK, serve).await.expect("it stands still");
    let (sent, last, synchs, _peer) = peer.await.unwrap();
    let nvt = driver.machine();
    assert_eq!(nvt.consumed, sent, "seed {seed}");
    let marks = nvt.log.iter().filter(|what| *what == "command 242");
    assert_eq!(marks.count(), synchs, "seed {seed}");
    assert_eq!(nvt.idle_marks, 0, "seed {seed}: {nvt:?}");
    assert!(!nvt.dropping, "seed {seed}: told behind the last DM");
    assert!(nvt.told_at.iter().all(|at| *at < last), "seed {seed}");
}

#[tokio::test]
async fn on_one_thread() {
    for seed in 0..60 {
        strewn(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_two_threads() {
    for seed in 100..160 {
        // In a task, which the threads take from each other.
        tokio::spawn(strewn(seed)).await.unwrap();
    }
}
