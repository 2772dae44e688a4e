//! HTTP/1: heads at the value level and by the receivers, bodies of 1 MiB, responses.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirelore_benches::http1::{self, HEADS, LEN, PIECE, REQUEST, RESPONSE};

fn heads(c: &mut Criterion) {
    let (request, response) = (REQUEST.len(), RESPONSE.len());
    let cases: [(&str, usize, fn()); 6] = [
        ("parse a request", request, http1::parse_requests),
        ("parse a response", response, http1::parse_responses),
        ("receive a request", request, http1::receive_requests),
        ("receive a response", response, http1::receive_responses),
        ("encode a response", response, http1::encode_responses),
        (
            "receive a request and answer it",
            request,
            http1::answer_requests,
        ),
    ];
    let mut group = c.benchmark_group(format!("http1, {HEADS} heads"));
    for (name, octets, work) in cases {
        group.throughput(Throughput::Bytes((octets * HEADS) as u64));
        group.bench_function(name, |b| b.iter(work));
    }
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let cases: [(&str, fn()); 3] = [
        ("Content-Length", http1::length),
        ("chunks of 1 KiB", http1::chunks_of_1k),
        ("chunks of 16 KiB", http1::chunks_of_16k),
    ];
    let mut group = c.benchmark_group(format!("http1, a body in pieces of {PIECE}"));
    group.throughput(Throughput::Bytes(LEN as u64));
    for (name, work) in cases {
        group.bench_function(name, |b| b.iter(work));
    }
    group.finish();
}

criterion_group!(benches, heads, bodies);
criterion_main!(benches);
