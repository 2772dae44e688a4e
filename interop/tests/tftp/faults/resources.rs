//! What one datagram, or one transfer, costs the server. Read from `/proc`.

use std::fs::{self, File};
use std::thread;
use std::time::Duration;

use wirelore_interop::{content, run};

use super::{PATIENCE, patient};
use crate::LIMIT;
use crate::ours::Server;
use crate::theirs::Client;
use crate::wire::{Raw, ack, data, error, error_of, oack, rrq};

/// Kibibytes of memory that the server had at the most so far.
#[track_caller]
fn most_memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.peer().id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Ticks of the processor that the server used so far, with all its threads.
#[track_caller]
fn ticks(server: &Server) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.peer().id())).unwrap();
    // the second field, in parentheses, may have blanks
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let [user, system] = [fields[11], fields[12]].map(|field| field.parse::<u64>().unwrap());
    user + system
}

/// rs-tftpd: one request with the largest block and window makes it reserve 8.6 GB, and it is aborted;
/// async-tftp reads a whole window. Here the window is bounded, and nothing is reserved for it.
#[test]
fn one_request_takes_little_memory() {
    let server = patient(&[]);
    // 1 GiB of nothing
    File::create(server.folder.served("large")).unwrap().set_len(1 << 30).unwrap();
    server.folder.holds("f", &content(1000));
    // what any first transfer costs
    let mut client = Raw::asking(server.address, &rrq("f", "octet", &[]));
    assert_eq!(client.hear(), data(1, &content(512)));
    client.say(&error(0, "enough"));
    server.transfer();
    let before = most_memory(&server);
    let options = [("blksize", "65464"), ("windowsize", "65535"), PATIENCE];
    let granted = [("blksize", "65464"), ("windowsize", "64"), PATIENCE];
    let mut client = Raw::asking(server.address, &rrq("large", "octet", &options));
    assert_eq!(client.hear(), oack(&granted));
    let asked = most_memory(&server) - before;
    assert!(asked <= 1024, "{asked} KiB for a request that nobody has confirmed");
    client.say(&ack(0));
    assert_eq!(client.hear(), data(1, &[0; 65464]));
    // the server has turned to others since: the window was sent
    for _ in 0..3 {
        let missing = Raw::asking(server.address, &rrq("missing", "octet", &[])).hear();
        assert_eq!(error_of(&missing).0, 1);
    }
    let sent = most_memory(&server) - before;
    assert!(sent <= 8 << 10, "{sent} KiB for one window");
}

/// The memory of many clients is given back: async-tftp keeps 239 MB after 200 of them.
#[test]
fn many_requests_take_a_bounded_amount_of_memory() {
    let server = patient(&[]);
    server.folder.holds("f", &content(1 << 20));
    let before = most_memory(&server);
    let options = [("blksize", "1428"), ("windowsize", "16"), PATIENCE];
    let mut clients: Vec<_> =
        (0..200).map(|_| Raw::asking(server.address, &rrq("f", "octet", &options))).collect();
    for client in &mut clients {
        assert_eq!(client.hear(), oack(&options));
    }
    for client in &mut clients {
        client.say(&ack(0));
        assert_eq!(client.hear()[..4], data(1, b""));
    }
    let grown = most_memory(&server) - before;
    assert!(grown <= 32 << 10, "{grown} KiB for 200 clients");
}

/// rs-tftpd with a single port: after the first transfer it spins for ever. Here a server without
/// transfers uses no time at all.
#[test]
fn an_idle_server_uses_no_time() {
    let server = Server::start(&["--upload", "create"]);
    let file = server.folder.holds("f", &content(1 << 20));
    let ours = Client::wirelore();
    let copy = server.folder.copy("f");
    run(&mut ours.get(server.address, "f", &copy), LIMIT).expect_success();
    run(&mut ours.put(server.address, "up", &file), LIMIT).expect_success();
    for _ in 0..2 {
        assert_eq!(server.transfer()["ok"], true);
    }
    let before = ticks(&server);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(ticks(&server) - before, 0);
}

/// tftpd-hpa and others have a transfer for everybody who asks; here there is a limit, and who
/// comes too late asks again.
#[test]
fn transfers_are_limited() {
    let server = patient(&["--tftp-transfers", "2"]);
    server.folder.holds("f", &content(1000));
    let request = rrq("f", "octet", &[PATIENCE]);
    let mut clients: Vec<_> = (0..2).map(|_| Raw::asking(server.address, &request)).collect();
    for client in &mut clients {
        assert_eq!(client.hear(), oack(&[PATIENCE]));
    }
    let late = Raw::asking(server.address, &request);
    server.says("--tftp-transfers");
    assert!(late.waiting().is_empty());
    assert_eq!(clients[0].ask(&ack(0)), data(1, &content(512)));
    assert_eq!(clients[0].ask(&ack(1)), data(2, &content(1000)[512..]));
    clients[0].say(&ack(2));
    assert_eq!(server.transfer()["ok"], true);
    // the place is free a moment after the event
    for _ in 0..1000 {
        late.send_to(&request, server.address);
        thread::sleep(Duration::from_millis(5));
        if let Some(answer) = late.waiting().first() {
            assert_eq!(*answer, oack(&[PATIENCE]));
            return;
        }
    }
    panic!("the place is not free");
}
