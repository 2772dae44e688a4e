//! Aliases and access lists in the configuration, as routers have them, with clients at two addresses.

use std::fs;
use std::process::Command;

use wirelore_interop::{Namespace, built_command, digest_of, require, run};

use crate::ours::{Folder, Server, parsed};
use crate::theirs::{Client, inside};
use crate::{LIMIT, put, utf8};

/// What `tftp-server flash:images/c2500-i-l.bin alias boot 22` and `access-list 22` are.
const ROUTER: &str = r#"
[access-list]
22 = ["deny 127.0.0.1", "permit 10.77.0.0 0.0.255.255"]

[[file]]
path = "images/c2500-i-l.bin"
alias = ["boot", "flash:c2500"]
allow = ["22"]

# the same name is another file for others
[[file]]
path = "images/lab.bin"
alias = ["boot"]
allow = ["127.0.0.0/8"]

[[file]]
path = "images/nobody.bin"
deny = ["any"]

[tftp]
strip-prefix = ["/tftpboot/"]
upload = "overwrite"
upload-from = ["22"]
upload-folder = "incoming"
"#;

/// Each address gets the files that its list lets it have, under all their names; others are an
/// access violation, error 2. (Served at every address, answers come from the one that was asked.)
#[test]
fn aliases_and_lists_are_by_address() {
    let clients = require!(Client::exact());
    let namespace = require!(Namespace::new());
    let folder = Folder::new();
    for name in ["images", "incoming"] {
        fs::create_dir(folder.served(name)).unwrap();
    }
    for name in ["images/c2500-i-l.bin", "images/lab.bin", "images/nobody.bin", "free"] {
        folder.holds(name, name.as_bytes());
    }
    let config = put(folder.outside(), "wirelore.toml", ROUTER.as_bytes());
    let server = Server::inside(&namespace, folder, &["--config", utf8(&config)]);
    assert_eq!(server.address.port(), 69);
    let folder = &server.folder;
    // a client of its own machine asks from the address that it asks
    let (router, lab) = (Namespace::ADDRESS, "127.0.0.1");
    for client in clients {
        for (from, name, wanted) in [
            (router, "boot", Ok("images/c2500-i-l.bin")),
            (router, "/tftpboot/boot", Ok("images/c2500-i-l.bin")),
            (router, "flash:c2500", Ok("images/c2500-i-l.bin")),
            (router, "images/c2500-i-l.bin", Ok("images/c2500-i-l.bin")),
            (router, "images/lab.bin", Err(2)),
            (lab, "boot", Ok("images/lab.bin")),
            (lab, "images/c2500-i-l.bin", Err(2)),
            (lab, "flash:c2500", Err(2)),
            (lab, "images/nobody.bin", Err(2)),
            (router, "images/nobody.bin", Err(2)),
            (lab, "free", Ok("free")),
            (router, "free", Ok("free")),
            (lab, "Boot", Err(1)),
        ] {
            if !client.can_ask_for(name) {
                continue;
            }
            let (at, copy) = (format!("{from}:69").parse().unwrap(), folder.copy("copy"));
            let ended = run(&mut inside(&namespace, &client.get(at, name, &copy)), LIMIT);
            match wanted {
                Ok(file) => {
                    let told = format!("{client:?} {from} {name}: {ended}");
                    assert_eq!(digest_of(&copy), digest_of(&folder.served(file)), "{told}");
                }
                Err(code) => client.was_refused(&ended, code),
            }
        }
        let mine = put(&folder.copy(""), "mine", format!("{client:?}").as_bytes());
        for (from, name, wanted) in [
            (lab, "incoming/config", Err(2)),
            (router, "config", Err(2)),
            (router, "incoming/../config", Err(2)),
            (router, "incoming/config", Ok(())),
        ] {
            let at = format!("{from}:69").parse().unwrap();
            let ended = run(&mut inside(&namespace, &client.put(at, name, &mine)), LIMIT);
            match wanted {
                Ok(()) => folder.receives(name, &mine),
                Err(code) => client.was_refused(&ended, code),
            }
        }
    }
    assert_eq!(folder.names(), ["free", "images", "incoming"]);
}

/// `only-listed`: nothing but the entries is there, for reading and for writing.
#[test]
fn only_what_is_listed_is_served() {
    let clients = require!(Client::exact());
    let folder = Folder::new();
    let text =
        "only-listed = true\nupload = \"overwrite\"\n[[file]]\npath = \"a\"\nalias = [\"x\"]\n";
    let config = put(folder.outside(), "wirelore.toml", text.as_bytes());
    let a = folder.holds("a", b"a");
    folder.holds("b", b"b");
    let server = Server::over(folder, &["--config", utf8(&config)]);
    for client in clients {
        for name in ["a", "x"] {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&a), "{name}");
        }
        let copy = server.folder.copy("copy");
        let ended = run(&mut client.get(server.address, "b", &copy), LIMIT);
        assert_eq!(fs::read(&copy).unwrap_or_default(), b"", "{ended}");
        let mine = put(&server.folder.copy(""), "mine", b"mine");
        run(&mut client.put(server.address, "b", &mine), LIMIT);
        run(&mut client.put(server.address, "new", &mine), LIMIT);
    }
    assert_eq!(fs::read(server.folder.served("b")).unwrap(), b"b");
    assert_eq!(server.folder.names(), ["a", "b"]);
}

/// `--allow` and `--deny` on the command line; the peer who may not ask learns nothing else.
#[test]
fn who_may_ask_can_be_said_on_the_command_line() {
    let clients = require!(Client::exact());
    let (here, elsewhere) = ("127.0.0.0/8", "192.0.2.0/24");
    for (arguments, may) in [
        (["--allow", here], true),
        (["--allow", elsewhere], false),
        (["--deny", elsewhere], true),
        (["--deny", here], false),
    ] {
        let server = Server::start(&arguments);
        let file = server.folder.holds("f", b"f");
        for client in &clients {
            for (name, code) in [("f", 0), ("missing", 1)] {
                let copy = server.folder.copy("copy");
                let ended = run(&mut client.get(server.address, name, &copy), LIMIT);
                match (may, code) {
                    (true, 0) => assert_eq!(digest_of(&copy), digest_of(&file), "{ended}"),
                    (true, code) => client.was_refused(&ended, code),
                    (false, _) => client.was_refused(&ended, 2),
                }
            }
        }
    }
}

/// A configuration with a fault serves nothing: exit code 2, and the line is named.
#[test]
fn a_faulty_configuration_serves_nothing() {
    let folder = Folder::new();
    let text = "hidden = true\nuplaod = \"create\"\n";
    let config = put(folder.outside(), "wirelore.toml", text.as_bytes());
    let mut command = Command::new(built_command());
    command.args(["serve", "--listen", "tftp=127.0.0.1:0", "--json", "--config"]).arg(config);
    let ended = run(command.arg(folder.served("")), LIMIT).expect_code(2);
    assert!(ended.stderr().contains("wirelore.toml:2"), "{ended}");
    assert!(parsed(&ended.stdout(), "ready").is_empty(), "{ended}");
}
