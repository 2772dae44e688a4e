//! Servers that stop, break off, or talk nonsense.

use wirelore_interop::{content, free_tcp_port, require};

use crate::copy::User;
use crate::python::Odd;

#[test]
fn what_is_cut_is_not_kept() {
    let odd = require!(Odd::start());
    let user = User::new();
    let once = ["--retries", "0"];
    for target in ["/early/1000/0", "/early/1000/999", "/early/1000000/999999"] {
        user.fails(18, &once, &odd.url(target));
    }
    for target in ["/early_chunked/1", "/early_chunked/500000"] {
        user.fails(18, &once, &odd.url(target));
    }
    // the default is to try again
    user.fails(18, &["--retries", "2", "--retry-max", "100ms"], &odd.url("/early/1000/1"));
    assert_eq!(odd.asked("/early/1000/1").len(), 3);
}

#[test]
fn what_is_no_http() {
    let odd = require!(Odd::start());
    let user = User::new();
    let once = ["--retries", "0"];
    user.fails(52, &once, &odd.url("/empty"));
    user.fails(56, &once, &odd.url("/reset"));
    for target in ["/garbage", "/oldest", "/bare/5", "/ambiguous", "/escapes", "/endless_head"] {
        let ended = user.fails(8, &once, &odd.url(target));
        assert!(!ended.stderr().contains('\x1b'), "{ended}");
        // it does not pass
        user.fails(8, &[], &odd.url(target));
        assert_eq!(odd.asked(target).len(), 2);
    }
    user.fails(7, &once, &format!("http://127.0.0.1:{}/f", free_tcp_port()));
    user.fails(6, &once, "http://nowhere.invalid/f");
    user.fails(1, &once, "gopher://127.0.0.1/f");
    user.fails(3, &once, "http:///f");
}

/// Nothing moves for `--timeout`, or too little does, or all of it takes too long.
#[test]
fn slow_servers_are_given_up() {
    let odd = require!(Odd::start());
    let user = User::new();
    for target in ["/stall", "/stall_after/1000/0", "/stall_after/1000/10"] {
        user.fails(28, &["--retries", "0", "--timeout", "300ms"], &odd.url(target));
        user.fails(28, &["--max-time", "500ms"], &odd.url(target));
    }
    // it drips for a minute
    let url = odd.url("/drip/600/100");
    user.fails(28, &["--max-time", "1s"], &url);
    user.fails(28, &["--retries", "0", "--speed-limit", "100", "--speed-time", "1s"], &url);
    // but somebody who is slow is not somebody who is not there
    user.gets(&["--timeout", "2s"], &odd.url("/drip/20/100"), &content(20));
    // with the retries that there are, it takes longer
    user.fails(
        28,
        &["--timeout", "200ms", "--retries", "1", "--retry-max", "100ms"],
        &odd.url("/stall"),
    );
    assert_eq!(odd.asked("/stall").len(), 4);
}

#[test]
fn what_came_before_a_time_limit_is_kept() {
    let odd = require!(Odd::start());
    let user = User::new();
    // without an ETag there is no going on, and nothing to keep it for
    let url = odd.url("/drip/600/100");
    user.fetch(&["--continue", "--max-time", "1s"], &url).expect_code(28);
    assert!(!user.names().contains(&"f".to_owned()), "{:?}", user.names());
}
