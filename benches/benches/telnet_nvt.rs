//! TELNET: streams of 1 MiB, received and encoded.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirelore_benches::telnet::{self, LEN};

fn streams(c: &mut Criterion) {
    let cases: [(&str, fn()); 8] = [
        ("receive text, raw", telnet::clean_raw),
        ("receive text", telnet::clean_nvt),
        ("receive doubled 255s", telnet::doubled_raw),
        ("receive options", telnet::options),
        ("receive single octets", telnet::clean_single),
        ("escape, copied", telnet::escape_copied),
        ("encode text, copied", telnet::encode_copied),
        ("encode text, borrowed", telnet::encode_borrowed),
    ];
    let mut group = c.benchmark_group("telnet");
    group.throughput(Throughput::Bytes(LEN as u64));
    for (name, work) in cases {
        group.bench_function(name, |b| b.iter(work));
    }
    group.finish();
}

criterion_group!(benches, streams);
criterion_main!(benches);
