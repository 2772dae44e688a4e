//! Copies through squid and tinyproxy.

use std::process::Command;

use wirelore_interop::{content, digest_of, find, free_tcp_port, require, run};

use crate::LIMIT;
use crate::copy::{User, wait_for_octets};
use crate::nginx::{Certificate, Nginx, PASSWORD, TLS};
use crate::proxies::{Asks, Proxy};

/// nginx, and each proxy with this way of asking who it is.
struct Rig {
    certificate: Certificate,
    nginx: Nginx,
    user: User,
}

impl Rig {
    fn new() -> Result<Self, wirelore_interop::Missing> {
        let certificate = Certificate::usual()?;
        let nginx = Nginx::secure(&certificate, TLS)?;
        nginx.holds("f", &content(500_000));
        Ok(Self { certificate, nginx, user: User::new() })
    }

    fn proxies(&self, asks: Asks) -> Result<[Proxy; 2], wirelore_interop::Missing> {
        let tls = self.nginx.secure.expect("it has TLS");
        Ok([Proxy::squid(asks, tls)?, Proxy::tinyproxy(asks, tls)?])
    }
}

/// Plain requests name the whole URL, and others go through a tunnel.
#[test]
fn files_come_and_go_through_proxies() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let source = user.holds("source", &content(2_000_000));
    let trust = rig.certificate.file();
    for (proxy, name) in
        require!(rig.proxies(Asks::Anybody)).iter().zip(["squid.test", "tinyproxy.test"])
    {
        let through = ["--proxy", &proxy.url(""), "--cacert", &trust];
        nginx.forgets();
        user.gets(&through, &nginx.url("/f"), &content(500_000));
        user.gets(&through, &nginx.url("/chunked/f"), &content(500_000));
        for seen in nginx.takes::<2>() {
            assert!(seen["via"].as_str().unwrap().contains(name), "{seen}");
            assert_eq!(seen["host"], format!("127.0.0.1:{}", nginx.port));
        }
        user.gets(&through, &nginx.secure_url("/f"), &content(500_000));
        let [seen] = nginx.takes();
        assert_eq!((&seen["via"], &seen["tls"]), (&"".into(), &"TLSv1.3".into()));
        assert!(proxy.log().contains("CONNECT"), "{}", proxy.log());
        let plain = nginx.url("/put/plain");
        user.run(&[&through[..], &[&source, &plain]].concat()).expect_success();
        let secret = nginx.secure_url("/put/secret");
        user.run(&[&through[..], &[&source, &secret]].concat()).expect_success();
        for name in ["plain", "secret"] {
            assert_eq!(digest_of(&nginx.stored(name)), digest_of(source.as_ref()));
            std::fs::remove_file(nginx.stored(name)).unwrap();
        }
        // what the server says is the server's
        nginx.forgets();
        for url in [nginx.url("/nothing"), nginx.secure_url("/nothing")] {
            let ended = user.fails(22, &through, &url);
            assert!(ended.stderr().contains("404"), "{ended}");
        }
        user.gets(&through, &nginx.secure_url("/to/302/f"), &content(500_000));
        // tunnels lead to one port only
        let ended = user.fails(97, &through, &format!("https://127.0.0.1:{}/f", nginx.other));
        assert!(ended.stderr().contains("403"), "{ended}");
        // nobody is behind it
        let dead = format!("http://127.0.0.1:{}/f", free_tcp_port());
        user.fails(22, &[&through[..], &["--retries", "0"]].concat(), &dead);
    }
}

/// Many copies, one connection to the proxy for each way.
#[test]
fn connections_through_proxies_are_kept() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let [squid, _] = require!(rig.proxies(Asks::Anybody));
    let list: String = (0..4)
        .map(|number| {
            format!("{} a{number}\n{} b{number}\n", nginx.url("/f"), nginx.secure_url("/f"))
        })
        .collect();
    let list = user.holds("list", list.as_bytes());
    let trust = rig.certificate.file();
    user.run(&["--proxy", &squid.url(""), "--cacert", &trust, "--batch", &list]).expect_success();
    assert_eq!(user.names().len(), 8);
    let seen = nginx.takes::<8>();
    let tunnelled: Vec<_> = seen.iter().filter(|seen| seen["tls"] != "").collect();
    assert_eq!(tunnelled.len(), 4);
    assert!(
        tunnelled.iter().all(|seen| seen["connection"] == tunnelled[0]["connection"]),
        "{seen:?}"
    );
}

#[test]
fn proxies_know_who_asks() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let trust = rig.certificate.file();
    let [squid, tinyproxy] = require!(rig.proxies(Asks::Basic));
    let simple = format!("ann:{}@", Proxy::SIMPLE);
    for (proxy, login) in [(squid, "ann:s3cret%3A%2F%40%20%26x@"), (tinyproxy, &*simple)] {
        let right = ["--cacert", &trust, "--proxy", &proxy.url(login)];
        for url in [nginx.url("/f"), nginx.secure_url("/f")] {
            nginx.forgets();
            user.gets(&right, &url, &content(500_000));
            // what the proxy is told is not told to the server
            assert_eq!(nginx.takes::<1>()[0]["proxy_authorization"], "");
            for wrong in ["", "ann:wrong@", "eve:wrong@"] {
                let ended = user.fetch(&["--cacert", &trust, "--proxy", &proxy.url(wrong)], &url);
                // for tinyproxy what is wrong is 401, even from a proxy
                let is_odd = login == simple && !wrong.is_empty() && url.starts_with("https:");
                let ended = ended.expect_code(if is_odd { 97 } else { 67 });
                assert!(user.names().is_empty() && !ended.stderr().contains("wrong"), "{ended}");
            }
            assert!(nginx.seen(0).is_empty());
        }
        // both ask
        let server = format!("ann:{PASSWORD}");
        for url in [nginx.url("/basic/f"), nginx.secure_url("/basic/f")] {
            nginx.forgets();
            user.gets(&[&right[..], &["--user", &server]].concat(), &url, &content(500_000));
            let [_, second] = nginx.takes();
            assert_eq!(
                (&second["status"], &second["proxy_authorization"]),
                (&200.into(), &"".into())
            );
        }
        // what is not the proxy's is not said to the proxy
        user.fails(
            67,
            &["--cacert", &trust, "--proxy", &proxy.url(""), "--user", &server],
            &nginx.url("/f"),
        );
    }
}

/// squid asks for Digest, and does not take Basic.
#[test]
fn squid_asks_for_digest() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let squid = require!(Proxy::squid(Asks::Digest, nginx.secure.expect("it has TLS")));
    let trust = rig.certificate.file();
    let right = squid.url(&format!("ann:{}@", Proxy::SIMPLE));
    let right = ["--cacert", &trust, "--proxy", &right];
    for url in [nginx.url("/f"), nginx.secure_url("/f")] {
        user.gets(&right, &url, &content(500_000));
        user.fails(67, &["--cacert", &trust, "--proxy", &squid.url("ann:wrong@")], &url);
        user.fails(67, &["--cacert", &trust, "--proxy", &squid.url("")], &url);
    }
    // one nonce, counted
    let before = squid.log().matches("/407 ").count();
    let list: String = (0..5).map(|number| format!("{} {number}\n", nginx.url("/f"))).collect();
    let list = user.holds("list", list.as_bytes());
    user.run(&[&right[..], &["--batch", &list]].concat()).expect_success();
    let asked = squid.log().matches("/407 ").count() - before;
    assert!(asked <= 1, "{}", squid.log());
    // sent again once it is known who asks
    let source = user.holds("source", &content(2_000_000));
    user.run(&[&right[..], &[&source, &nginx.url("/put/f")]].concat()).expect_success();
    assert_eq!(digest_of(&nginx.stored("f")), digest_of(source.as_ref()));
}

#[test]
fn the_environment_has_proxies() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let trust = rig.certificate.file();
    let [squid, tinyproxy] = require!(rig.proxies(Asks::Anybody));
    let copy = |environment: &[(&str, &str)], options: &[&str], url: &str| {
        nginx.forgets();
        let options = [&["--cacert", &trust][..], options, &[url, "f"]].concat();
        let mut command = user.command(&options);
        let ended = run(command.envs(environment.iter().copied()), LIMIT).expect_success();
        user.has_only("f", &content(500_000));
        let [seen] = nginx.takes();
        (ended, seen["via"].as_str().unwrap().to_owned())
    };
    let (one, two) = (squid.url(""), tinyproxy.url(""));
    let (plain, secret) = (nginx.url("/f"), nginx.secure_url("/f"));
    let via = |environment: &[(&str, &str)], options: &[&str]| copy(environment, options, &plain).1;
    assert_eq!(via(&[], &[]), "");
    assert!(via(&[("http_proxy", &one)], &[]).contains("squid"));
    assert!(via(&[("all_proxy", &one)], &[]).contains("squid"));
    assert!(via(&[("all_proxy", &one), ("http_proxy", &two)], &[]).contains("tinyproxy"));
    // an option counts more
    assert!(via(&[("http_proxy", &one)], &["--proxy", &two]).contains("tinyproxy"));
    assert_eq!(via(&[("HTTP_PROXY", &one)], &[]), "");
    assert_eq!(via(&[("https_proxy", &one)], &[]), "");
    for except in ["127.0.0.1", "localhost,127.0.0.1", "127.0.0.0/8", "*", "x, 127.0.0.1"] {
        assert_eq!(via(&[("http_proxy", &one), ("no_proxy", except)], &[]), "", "{except}");
        assert_eq!(via(&[("http_proxy", &one)], &["--no-proxy", except]), "", "{except}");
    }
    let others = [("http_proxy", &*one), ("no_proxy", "localhost,127.0.0.2")];
    assert!(via(&others, &[]).contains("squid"));
    // tunnels
    let count = || squid.log().matches("CONNECT").count();
    for (variable, tunnels) in
        [("https_proxy", 1), ("HTTPS_PROXY", 1), ("http_proxy", 0), ("ALL_PROXY", 1)]
    {
        let before = count();
        copy(&[(variable, &one)], &[], &secret);
        let logged = || (count() - before == tunnels).then_some(());
        wirelore_interop::wait_until("the log of squid", LIMIT, logged);
    }
    let before = count();
    copy(&[("https_proxy", &one), ("no_proxy", "127.0.0.1")], &[], &secret);
    assert_eq!(count(), before);
}

/// `no_proxy=0.0.1` is about hosts below that name, and 127.0.0.1 is an address.
#[test]
fn an_address_has_no_domain() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let [squid, _] = require!(rig.proxies(Asks::Anybody));
    user.gets(
        &["--proxy", &squid.url(""), "--no-proxy", "0.0.1"],
        &nginx.url("/f"),
        &content(500_000),
    );
    assert!(nginx.takes::<1>()[0]["via"].as_str().unwrap().contains("squid"));
}

/// It is dead, it dies, or it has no name.
#[test]
fn proxies_that_are_not_there() {
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let trust = rig.certificate.file();
    let dead = format!("http://127.0.0.1:{}", free_tcp_port());
    for url in [nginx.url("/f"), nginx.secure_url("/f")] {
        let options = ["--retries", "0", "--cacert", &trust, "--proxy"];
        user.fails(7, &[&options[..], &[&dead]].concat(), &url);
        user.fails(5, &[&options[..], &["http://nowhere.invalid:1"]].concat(), &url);
        for number in 0..2 {
            let [squid, tinyproxy] = require!(rig.proxies(Asks::Anybody));
            let proxy = [squid, tinyproxy].into_iter().nth(number).expect("one of two");
            let through = proxy.url("");
            let slow = ["-vv", "-H", "X-Rate: 1", "-H", "X-After: 200000"];
            let copy = user.start(&[&options[..], &[&through], &slow, &[&url, "f"]].concat());
            wait_for_octets(&copy, 100_000);
            proxy.dies();
            let ended = copy.wait(LIMIT);
            assert!(matches!(ended.code(), Some(18 | 56)), "{ended}");
            assert!(user.names().is_empty());
        }
    }
}

/// TLS to the proxy, too, which socat takes off.
#[test]
fn a_proxy_behind_tls() {
    let socat = require!(find("socat"));
    let rig = require!(Rig::new());
    let (nginx, user) = (&rig.nginx, &rig.user);
    let [squid, _] = require!(rig.proxies(Asks::Anybody));
    let trust = rig.certificate.file();
    let port = free_tcp_port();
    let key = rig.certificate.key();
    let mut command = Command::new(socat);
    command.arg(format!(
        "OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,verify=0,cert={trust},key={key}"
    ));
    command.arg(format!("TCP:127.0.0.1:{}", squid.port));
    let mut relay = wirelore_interop::Peer::start(&mut command);
    relay.wait_for_tcp(port);
    let proxy = format!("https://127.0.0.1:{port}");
    for url in [nginx.url("/f"), nginx.secure_url("/f")] {
        user.gets(&["--cacert", &trust, "--proxy", &proxy], &url, &content(500_000));
        user.fails(60, &["--retries", "0", "--proxy", &proxy], &url);
    }
    assert!(squid.log().contains("CONNECT"));
}
