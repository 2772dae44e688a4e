//! Copies that are cut, and go on; and versions that are not mixed.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use wirelore_interop::{content, digest, require};

use crate::LIMIT;
use crate::copy::{User, facts, halting, wait_for_octets};
use crate::nginx::Nginx;
use crate::python::Odd;

const SIZE: usize = 3_000_000;
const PARTS: [&str; 2] = [".f.wirelore-part", ".f.wirelore-part.json"];

/// A copy with `--continue` of which about `cut` octets have come when nginx dies; how many it was.
#[track_caller]
fn cut(user: &User, nginx: &mut Nginx, target: &str, cut: usize) -> usize {
    let (url, slow) = (nginx.url(target), halting(cut));
    let options = ["-C", "-vv", "--retries", "0", &url, "f"];
    let copy = user.start(&[&options[..], &slow.each_ref().map(String::as_str)].concat());
    wait_for_octets(&copy, cut as u64);
    nginx.dies();
    copy.wait(LIMIT).expect_code(18);
    assert_eq!(user.names(), PARTS);
    let kept = user.kept("f").expect("a part") as usize;
    assert!((cut..=cut + 1000).contains(&kept), "{kept} of {cut}");
    kept
}

#[test]
fn a_copy_goes_on_where_nginx_died() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    let all = content(SIZE);
    nginx.holds("f", &all);
    for at in [1, 65_535, 65_536, 1_000_001, SIZE - 2000] {
        let kept = cut(&user, &mut nginx, "/f", at);
        nginx.returns();
        nginx.forgets();
        let ended = user.gets(&["-C", "--json"], &nginx.url("/f"), &all);
        let facts = facts(&ended);
        assert_eq!(facts["options"]["resumed_at"], kept, "{facts}");
        let [seen] = nginx.takes();
        assert_eq!(
            (&seen["status"], &seen["sent"]),
            (&206.into(), &(SIZE - kept).into()),
            "{seen}"
        );
        assert_eq!(seen["range"], format!("bytes={kept}-"));
        assert_ne!(seen["if_range"], "");
    }
}

#[test]
fn a_copy_is_cut_more_than_once() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    let all = content(SIZE);
    nginx.holds("f", &all);
    let first = cut(&user, &mut nginx, "/f", 500_000);
    nginx.returns();
    // the second one is as long, behind the first
    let url = nginx.url("/f");
    let slow = halting(700_000);
    let options = ["-C", "-vv", "--retries", "0", &url, "f"];
    let copy = user.start(&[&options[..], &slow.each_ref().map(String::as_str)].concat());
    wait_for_octets(&copy, 700_000);
    copy.signal("TERM");
    copy.wait(LIMIT).expect_code(143);
    let second = user.kept("f").expect("a part") as usize;
    assert!(second >= first + 700_000, "{first} {second}");
    nginx.forgets();
    user.gets(&["-C"], &url, &all);
    assert_eq!(nginx.takes::<1>()[0]["range"], format!("bytes={second}-"));
}

/// A file that changed in between comes from its beginning, whatever its length is now.
#[test]
fn versions_are_not_mixed() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    let reversed: Vec<u8> = content(SIZE).into_iter().rev().collect();
    for (number, new) in [&reversed[..], &reversed[..1000], &[&reversed[..], b"more"].concat()]
        .into_iter()
        .enumerate()
    {
        nginx.holds("f", &content(SIZE));
        cut(&user, &mut nginx, "/f", 400_000);
        nginx.holds("f", new);
        // for nginx a version is a second and a length
        let time = SystemTime::now() - Duration::from_secs(1000 + number as u64);
        File::options().write(true).open(nginx.served("f")).unwrap().set_modified(time).unwrap();
        nginx.returns();
        nginx.forgets();
        user.gets(&["-C"], &nginx.url("/f"), new);
        let [seen] = nginx.takes();
        assert_eq!(seen["status"], 200);
        assert_ne!((&seen["range"], &seen["if_range"]), (&"".into(), &"".into()));
    }
}

/// Where there is no ETag, a date is as good, if it is old enough.
#[test]
fn a_date_is_a_version() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    let dated = |nginx: &Nginx, octets: &[u8], seconds: u64| {
        nginx.holds("f", octets);
        let time = SystemTime::now() - Duration::from_secs(seconds);
        File::options().write(true).open(nginx.served("f")).unwrap().set_modified(time).unwrap();
    };
    let reversed: Vec<u8> = content(SIZE).into_iter().rev().collect();
    for (new, status) in [(&content(SIZE), 206), (&reversed, 200)] {
        dated(&nginx, &content(SIZE), 5000);
        let kept = cut(&user, &mut nginx, "/dated/f", 400_000);
        if status == 200 {
            dated(&nginx, new, 3000);
        }
        nginx.returns();
        nginx.forgets();
        user.gets(&["-C"], &nginx.url("/dated/f"), new);
        let [seen] = nginx.takes();
        assert_eq!(
            (&seen["status"], &seen["range"]),
            (&status.into(), &format!("bytes={kept}-").into())
        );
        assert!(seen["if_range"].as_str().unwrap().ends_with("GMT"), "{seen}");
    }
}

/// What is kept of one URL is not the beginning of another one.
#[test]
fn urls_are_not_mixed() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(SIZE));
    nginx.holds("g", &vec![7; SIZE]);
    cut(&user, &mut nginx, "/f", 400_000);
    nginx.returns();
    nginx.forgets();
    user.gets(&["-C"], &nginx.url("/g"), &vec![7; SIZE]);
    assert_eq!(nginx.takes::<1>()[0]["range"], "");
}

/// Without an ETag there is nothing to go on with; the rest is not made up.
#[test]
fn without_a_validator_all_comes_again() {
    let odd = require!(Odd::start());
    let user = User::new();
    let target = "/early/1000000/300000";
    user.fetch(&["-C", "--retries", "0"], &odd.url(target)).expect_code(18);
    assert!(!user.names().contains(&"f".to_owned()));
    user.fetch(&["-C", "--retries", "0"], &odd.url(target)).expect_code(18);
    assert_eq!(odd.asked(target), vec![format!("GET {target} - -"); 2]);
}

#[test]
fn all_that_is_missing_is_the_name() {
    let mut nginx = require!(Nginx::start());
    let user = User::new();
    nginx.holds("f", &content(SIZE));
    cut(&user, &mut nginx, "/f", SIZE - 2000);
    fs::write(user.copied(PARTS[0]), content(SIZE)).unwrap();
    nginx.returns();
    nginx.forgets();
    user.gets(&["-C"], &nginx.url("/f"), &content(SIZE));
    // nginx does not say of which version there is no more, so it may all come again
    let seen = &nginx.seen(1)[0];
    assert_eq!((&seen["status"], &seen["range"]), (&416.into(), &format!("bytes={SIZE}-").into()));
}

/// Within a run a copy goes on without `--continue`.
#[test]
fn a_broken_connection_is_mended() {
    let odd = require!(Odd::start());
    let user = User::new();
    for at in [1, 65_536, 900_000] {
        let target = format!("/torn/1000000/{at}");
        let ended = user.gets(&["--json"], &odd.url(&target), &content(1_000_000));
        assert_eq!(facts(&ended)["options"]["retries"], 1);
        let range = format!("GET {target} bytes={at}- \"1\"");
        assert_eq!(odd.asked(&target), [format!("GET {target} - -"), range]);
    }
    // what was written to stdout can go on too
    let (ended, output) = user.pipes(&["-q", &odd.url("/torn/1000000/77777"), "-"]);
    ended.expect_success();
    assert_eq!(digest(&output), digest(&content(1_000_000)));
}

#[test]
fn a_mended_copy_is_of_one_version() {
    let odd = require!(Odd::start());
    let user = User::new();
    let other: Vec<u8> = content(Odd::SIZE).into_iter().rev().take(1_000_000).collect();
    user.gets(&[], &odd.url("/torn_changed/1000000/300000"), &other);
    // and what a pipe has cannot be taken back
    let (ended, _) = user.pipes(&["-q", &odd.url("/torn_changed/1000000/300001"), "-"]);
    ended.expect_code(33);
    // another part than that which was asked for is of no use
    user.gets(&[], &odd.url("/torn_lying/1000000/300000"), &content(1_000_000));
    // a weak validator is none
    let target = "/torn_weak/1000000/300000";
    user.gets(&[], &odd.url(target), &content(1_000_000));
    assert_eq!(odd.asked(target), vec![format!("GET {target} - -"); 2]);
}
