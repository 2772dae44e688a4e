//! The parts of core: lines, replies, dots, bits.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wirelore_core::bits::{Packer, Unpacker, Width};
use wirelore_core::dot::{DotConfig, DotReceiver, DotStuffer, StrayPolicy};
use wirelore_core::lines::{LineConfig, LineReceiver};
use wirelore_core::reply::{ReplyConfig, ReplyReader};
use wirelore_core::{Input, Machine, Next};

/// Steps `machine` through all of `stream` and returns how many events came.
fn drain(mut machine: impl Machine, stream: &[u8]) -> u64 {
    let (mut at, mut events, mut out) = (0, 0, Vec::new());
    loop {
        let Ok(step) = machine.step(Input::more(&stream[at..]), &mut out) else {
            return events;
        };
        at += step.consumed;
        match step.next {
            Next::Event(_) => events += 1,
            Next::NeedMore if step.consumed > 0 => {}
            _ => return events,
        }
    }
}

fn streams(c: &mut Criterion) {
    let text = b"a line of sixty-two octets, as configuration files have them.\r\n".repeat(1000);
    let mut stuffed = Vec::new();
    let mut stuffer = DotStuffer::new(StrayPolicy::Refuse);
    let result = stuffer.push(&text, &mut stuffed);
    result
        .and_then(|()| stuffer.finish(&mut stuffed))
        .expect("clean text");
    let replies = b"250-one\r\n250-two of them\r\n250 the last\r\n".repeat(1000);
    let mut group = c.benchmark_group("core");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("lines", |b| {
        b.iter(|| drain(LineReceiver::new(LineConfig::default()), black_box(&text)));
    });
    group.bench_function("dot receive", |b| {
        b.iter(|| drain(DotReceiver::new(DotConfig::default()), black_box(&stuffed)));
    });
    group.bench_function("dot stuff", |b| {
        let mut out = Vec::with_capacity(2 * text.len());
        b.iter(|| {
            out.clear();
            DotStuffer::new(StrayPolicy::Refuse).push(black_box(&text), &mut out)
        });
    });
    group.throughput(Throughput::Bytes(replies.len() as u64));
    group.bench_function("replies", |b| {
        b.iter(|| drain(ReplyReader::new(ReplyConfig::smtp()), black_box(&replies)));
    });
    group.finish();
}

fn bits(c: &mut Criterion) {
    let octets = vec![0x5a; 36_000];
    let mut group = c.benchmark_group("core/bits");
    group.throughput(Throughput::Bytes(octets.len() as u64));
    for bits in [7, 8, 16, 36, 60] {
        let width = Width::new(bits).expect("1 to 255");
        let mut bytes = Vec::new();
        let _ = Unpacker::new(width).unpack(&octets, usize::MAX, &mut bytes);
        let mut out = Vec::with_capacity(2 * octets.len());
        group.bench_function(format!("unpack {bits}"), |b| {
            let mut bytes = Vec::with_capacity(bytes.len() + 64);
            b.iter(|| {
                bytes.clear();
                Unpacker::new(width).unpack(black_box(&octets), usize::MAX, &mut bytes)
            });
        });
        group.bench_function(format!("pack {bits}"), |b| {
            b.iter(|| {
                out.clear();
                Packer::new(width).pack(black_box(&bytes), &mut out)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, streams, bits);
criterion_main!(benches);
