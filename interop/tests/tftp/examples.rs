//! The example programs, briefly: each transfers a file with a program that somebody else wrote, or
//! with another example.

use std::fs;
use std::process::Command;

use wirelore_interop::{Peer, built_example, content, digest_of, folder, require, run, wait_until};

use crate::theirs::{Client, atftpd};
use crate::{LIMIT, put};

/// `tftpd_blocking` and curl, in both directions.
#[test]
fn tftpd_blocking_serves_curl() {
    let curl = require!(Client::curl());
    let (served, copies) = (folder(), folder());
    let file = put(served.path(), "f", &content(100_000));
    let mut server = Command::new(built_example("tftpd_blocking"));
    let mut server =
        Peer::start(server.args(["--bind", "127.0.0.1:0", "--upload"]).arg(served.path()));
    let address = server.wait_for_line("listening on ").parse().unwrap();
    let copy = copies.path().join("copy");
    run(&mut curl.get(address, "f", &copy), LIMIT).expect_success();
    assert_eq!(digest_of(&copy), digest_of(&file));
    run(&mut curl.put(address, "back", &copy), LIMIT).expect_success();
    wait_until("the upload", LIMIT, || {
        fs::read(served.path().join("back"))
            .is_ok_and(|back| back == content(100_000))
            .then_some(())
    });
}

/// `tftpd`, on tokio, and curl. It takes no uploads.
#[test]
fn tftpd_serves_curl() {
    let curl = require!(Client::curl());
    let (served, copies) = (folder(), folder());
    let file = put(served.path(), "f", &content(100_000));
    let mut server = Command::new(built_example("tftpd"));
    let mut server = Peer::start(server.arg("127.0.0.1:0").arg(served.path()));
    let address = server.wait_for_line("listening on ").parse().unwrap();
    let copy = copies.path().join("copy");
    run(&mut curl.get(address, "f", &copy), LIMIT).expect_success();
    assert_eq!(digest_of(&copy), digest_of(&file));
    let refused = run(&mut curl.put(address, "back", &copy), LIMIT);
    curl.was_refused(&refused, 2);
    let missing = run(&mut curl.get(address, "missing", &copy), LIMIT);
    curl.was_refused(&missing, 1);
}

/// `tftp_get_blocking` and atftpd, with windows.
#[test]
fn atftpd_serves_tftp_get_blocking() {
    let (served, copies) = (folder(), folder());
    let (_server, port) = require!(atftpd(served.path()));
    let file = put(served.path(), "f", &content(100_000));
    let copy = copies.path().join("copy");
    let get = |name: &str| {
        let mut get = Command::new(built_example("tftp_get_blocking"));
        get.arg(format!("tftp://127.0.0.1:{port}/{name}")).arg(&copy);
        run(get.args(["--windowsize", "16"]), LIMIT)
    };
    let ended = get("f").expect_success();
    assert_eq!(digest_of(&copy), digest_of(&file));
    assert!(ended.stdout().contains("windowsize: 16"), "not granted: {ended}");
    fs::remove_file(&copy).unwrap();
    get("missing").expect_code(1);
    assert!(!copy.exists());
}
