//! TFTP: packets, netascii, and whole transfers in memory.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wirelore_benches::tftp::{self, Buffers};
use wirelore_tftp::ClientConfig;
use wirelore_tftp::netascii::{Decoded, Position};

fn packets(c: &mut Criterion) {
    c.bench_function("tftp/parse DATA", |b| b.iter(tftp::parse_data));
    c.bench_function("tftp/parse RRQ with 4 options", |b| b.iter(tftp::parse_rrq));
    c.bench_function("tftp/encode RRQ with 4 options", |b| {
        b.iter(tftp::encode_rrq);
    });
}

fn netascii(c: &mut Criterion) {
    let text = b"a line of sixty-two octets, as configuration files have them.\n".repeat(200);
    let mut block = vec![0; 2 * text.len()];
    let mut group = c.benchmark_group("tftp/netascii");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("encode", |b| {
        b.iter(|| Position::default().encode(black_box(&text), &mut block));
    });
    let (len, _) = Position::default().encode(&text, &mut block);
    group.bench_function("decode", |b| {
        b.iter(|| Decoded::new(black_box(&block[..len]), false, true).octets());
    });
    group.finish();
}

fn transfers(c: &mut Criterion) {
    let file = vec![7; 1 << 20];
    let mut buffers = Buffers::default();
    let mut group = c.benchmark_group("tftp/transfer of 1 MiB in memory");
    group.throughput(Throughput::Bytes(file.len() as u64));
    for (blksize, windowsize) in [(512, 1), (1428, 1), (1428, 16), (65464, 1)] {
        let mut config = ClientConfig::default();
        config.blksize = Some(blksize);
        config.windowsize = Some(windowsize);
        group.bench_function(format!("blksize {blksize} windowsize {windowsize}"), |b| {
            b.iter(|| tftp::transfer(&file, config, &mut buffers));
        });
    }
    group.finish();
}

criterion_group!(benches, packets, netascii, transfers);
criterion_main!(benches);
