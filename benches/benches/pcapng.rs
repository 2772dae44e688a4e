//! pcapng: writing, reading and dissecting datagrams.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;
use wirelore_pcapng::{Dissected, Writer, packets};

fn captures(c: &mut Criterion) {
    let client: SocketAddr = "192.0.2.1:1025".parse().expect("an address");
    let server: SocketAddr = "192.0.2.2:69".parse().expect("an address");
    let payload = [7; 1432];
    let mut file = Vec::new();
    let writer = Writer::ethernet("tap0", "bench", &mut file).expect("short texts");
    let begin = file.len();
    let fill = |file: &mut Vec<u8>| {
        for n in 0..100 {
            let time = Duration::from_micros(n);
            let written = writer.udp(time, server, client, black_box(&payload), file);
            written.expect("an ordinary datagram");
        }
    };
    fill(&mut file);
    let capture = file.clone();
    let mut group = c.benchmark_group("pcapng, 100 datagrams of 1432 octets");
    group.throughput(Throughput::Bytes(100 * 1432));
    group.bench_function("write", |b| {
        b.iter(|| {
            file.truncate(begin);
            fill(&mut file);
        });
    });
    group.bench_function("read and dissect", |b| {
        b.iter(|| {
            let dissected = packets(black_box(&capture))
                .map(|packet| packet.expect("our own").dissect())
                .filter(|found| matches!(found, Ok(Dissected::Udp(_))))
                .count();
            assert_eq!(dissected, 100);
        });
    });
    group.finish();
}

criterion_group!(benches, captures);
criterion_main!(benches);
