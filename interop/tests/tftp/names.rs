//! Names: which octets they are made of, what is forgiven in them, and that none leads out of the
//! folder.

use std::fs;
use std::os::unix::fs::symlink;

use wirelore_interop::{digest_of, require, run};

use crate::ours::{Ours, Server};
use crate::theirs::Client;
use crate::{LIMIT, NAMES, put, utf8};

/// File names are octets: neither blanks nor UTF-8 disturb, in both directions.
#[test]
fn names_with_blanks_and_utf_8() {
    let clients = require!(Client::all());
    let server = Server::start(&["--upload", "create"]);
    for client in clients {
        for name in NAMES {
            let file = server.folder.holds(name, name.as_bytes());
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&file), "{client:?} get {name}");
            assert_eq!(server.transfer()["file"], name);
            fs::remove_file(&file).unwrap();
            run(&mut client.put(server.address, name, &copy), LIMIT).expect_success();
            server.folder.receives(name, &copy);
            assert_eq!(server.transfer()["file"], name);
            fs::remove_file(&file).unwrap();
        }
    }
}

/// With `--backslash` it separates folders, for reading and writing, and a drive in front is
/// nothing. (Clients of boot managers ask like this.)
#[test]
fn backslashes_are_slashes_where_they_may_be() {
    let clients = require!(Client::all());
    let server = Server::start(&["--backslash", "--upload", "overwrite"]);
    fs::create_dir(server.folder.served("dir")).unwrap();
    let file = server.folder.holds("dir/file", b"dir/file");
    for client in clients {
        let names = [r"dir\file", r"\dir\file", r"dir/file", r"C:\dir\file"];
        for name in names.into_iter().filter(|name| client.can_ask_for(name)) {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&file), "{client:?} {name}");
        }
        let mine = put(&server.folder.copy(""), "mine", format!("{client:?}").as_bytes());
        run(&mut client.put(server.address, r"dir\new", &mine), LIMIT).expect_success();
        server.folder.receives("dir/new", &mine);
    }
}

/// Without it, it is an octet like others: the file `dir\file` is not the file `file` in `dir`.
#[test]
fn backslashes_are_octets_otherwise() {
    let clients = require!(Client::all());
    let server = Server::start(&["--upload", "create"]);
    fs::create_dir(server.folder.served("dir")).unwrap();
    server.folder.holds("dir/file", b"with a slash");
    server.folder.holds(r"dir\file", b"with a backslash");
    for client in clients {
        for (name, content) in
            [(r"dir\file", &b"with a backslash"[..]), ("dir/file", b"with a slash")]
        {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(fs::read(&copy).unwrap(), content, "{client:?} {name}");
        }
        let mine = put(&server.folder.copy(""), "mine", b"mine");
        run(&mut client.put(server.address, r"dir\new", &mine), LIMIT).expect_success();
        server.folder.receives(r"dir\new", &mine);
        fs::remove_file(server.folder.served(r"dir\new")).unwrap();
    }
}

/// With `--ignore-case` letters may have the other case, in folders too; an exact name goes first.
/// Without it they may not: error 1.
#[test]
fn case_is_ignored_where_it_may_be() {
    let clients = require!(Client::exact());
    let strict = Server::start(&[]);
    let server = Server::over(strict.folder.clone(), &["--ignore-case"]);
    fs::create_dir(server.folder.served("Boot")).unwrap();
    server.folder.holds("Boot/Image.BIN", b"capitals");
    server.folder.holds("Boot/exact", b"small");
    server.folder.holds("Boot/EXACT", b"large");
    for client in clients {
        for (name, content, is_exact) in [
            ("boot/image.bin", &b"capitals"[..], false),
            ("BOOT/IMAGE.BIN", b"capitals", false),
            ("Boot/Image.BIN", b"capitals", true),
            ("Boot/exact", b"small", true),
            ("bOOT/EXACT", b"large", false),
        ] {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(fs::read(&copy).unwrap(), content, "{client:?} {name}");
            let copy = server.folder.copy("copy");
            let ended = run(&mut client.get(strict.address, name, &copy), LIMIT);
            match is_exact {
                true => assert_eq!(fs::read(&copy).unwrap(), content, "{ended}"),
                false => client.was_refused(&ended, 1),
            }
        }
    }
}

/// The folder is the root: slashes in front of a name, two in a row, and `.` mean nothing.
#[test]
fn the_served_folder_is_the_root() {
    let clients = require!(Client::all());
    let server = Server::start(&[]);
    fs::create_dir(server.folder.served("sub")).unwrap();
    let file = server.folder.holds("sub/f", b"sub/f");
    for client in clients {
        for name in ["/sub/f", "//sub//f", "./sub/./f", "/sub/../sub/f", "sub/f"] {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&file), "{client:?} {name}");
        }
    }
}

/// `--strip-prefix /tftpboot/`: devices that ask for a path of their old server find the file.
#[test]
fn a_prefix_is_stripped() {
    let clients = require!(Client::exact());
    let arguments = ["--strip-prefix", "/tftpboot/", "--strip-prefix", "flash:"];
    let server = Server::start(&[&arguments[..], &["--upload", "overwrite"]].concat());
    let file = server.folder.holds("f", b"f");
    for client in clients {
        let names = ["/tftpboot/f", "tftpboot/f", "flash:f", "/f", "f"];
        for name in names.into_iter().filter(|name| client.can_ask_for(name)) {
            let copy = server.folder.copy("copy");
            run(&mut client.get(server.address, name, &copy), LIMIT).expect_success();
            assert_eq!(digest_of(&copy), digest_of(&file), "{client:?} {name}");
        }
        // once, and not inside of a name
        for name in ["/tftpboot/tftpboot/f", "x/tftpboot/f", "/tftpbootf"] {
            let ended = run(&mut client.get(server.address, name, &server.folder.copy("x")), LIMIT);
            client.was_refused(&ended, 1);
        }
        let mine = put(&server.folder.copy(""), "mine", format!("{client:?}").as_bytes());
        run(&mut client.put(server.address, "/tftpboot/up", &mine), LIMIT).expect_success();
        server.folder.receives("up", &mine);
    }
}

/// What is not beneath the served folder is refused with error 2, access violation: by `..` and by
/// symbolic links, for reading and for writing. An absolute name is one beneath the served folder.
/// (Every other server follows the links, unless it is in a jail.)
#[test]
fn the_served_folder_is_not_left() {
    let clients = require!(Client::exact());
    let server = Server::start(&["--upload", "overwrite", "--backslash", "--ignore-case"]);
    let outside = server.folder.outside();
    let secret = put(outside, "secret", b"secret");
    fs::create_dir(server.folder.served("sub")).unwrap();
    symlink(outside, server.folder.served("away")).unwrap();
    symlink(&secret, server.folder.served("link")).unwrap();
    symlink("../../secret", server.folder.served("sub/relative")).unwrap();
    let before = fs::read_dir(outside).unwrap().count();
    let mine = server.folder.holds("sub/mine", b"mine");
    let (absolute, copy) = (utf8(&secret), outside.join("copies/stolen"));
    for client in clients {
        for (name, code) in [
            ("../secret", 2),
            (r"..\secret", 2),
            ("sub/../../secret", 2),
            ("/../secret", 2),
            ("away/secret", 2),
            ("AWAY/SECRET", 2),
            ("link", 2),
            ("sub/relative", 2),
            (absolute, 1),
        ] {
            let ended = run(&mut client.get(server.address, name, &copy), LIMIT);
            client.was_refused(&ended, code);
            assert_eq!(fs::read(&copy).unwrap_or_default(), b"", "{name}: {ended}");
        }
        for name in
            ["../evil", r"..\evil", "../secret", "sub/../../evil", "away/evil", "away/secret"]
        {
            let ended = run(&mut client.put(server.address, name, &mine), LIMIT);
            client.was_refused(&ended, 2);
        }
        // a link is not replaced either, wherever it leads
        let ended = run(&mut client.put(server.address, "link", &mine), LIMIT);
        client.was_refused(&ended, 2);
    }
    assert_eq!(fs::read_dir(outside).unwrap().count(), before, "something was written outside");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert!(fs::symlink_metadata(server.folder.served("link")).unwrap().is_symlink());
}

/// A link that stays beneath the folder is followed for reading.
#[test]
fn links_within_the_folder_are_followed() {
    let server = Server::start(&[]);
    let file = server.folder.holds("f", b"f");
    symlink("f", server.folder.served("link")).unwrap();
    fs::create_dir(server.folder.served("sub")).unwrap();
    symlink("../f", server.folder.served("sub/up")).unwrap();
    let ours = Ours::new(&server.address.to_string());
    for name in ["link", "sub/up"] {
        let place = ours.place();
        ours.copies_to(ours.url(name), &place, &[]).expect_success();
        assert_eq!(digest_of(&place), digest_of(&file), "{name}");
    }
}

/// Names that begin with a dot are there for `--hidden` only: error 1 for reading, 2 for writing.
#[test]
fn hidden_files_are_hidden() {
    let clients = require!(Client::exact());
    let server = Server::start(&["--upload", "overwrite"]);
    let open = Server::over(server.folder.clone(), &["--upload", "overwrite", "--hidden"]);
    fs::create_dir(server.folder.served(".ssh")).unwrap();
    let file = server.folder.holds(".ssh/key", b"key");
    let mine = put(&server.folder.copy(""), "mine", b"mine");
    for client in clients {
        for name in [".ssh/key", ".ssh/none"] {
            let ended = run(&mut client.get(server.address, name, &server.folder.copy("x")), LIMIT);
            client.was_refused(&ended, 1);
        }
        let ended = run(&mut client.put(server.address, ".profile", &mine), LIMIT);
        client.was_refused(&ended, 2);
        let copy = server.folder.copy("copy");
        run(&mut client.get(open.address, ".ssh/key", &copy), LIMIT).expect_success();
        assert_eq!(digest_of(&copy), digest_of(&file));
        run(&mut client.put(open.address, ".profile", &mine), LIMIT).expect_success();
        server.folder.receives(".profile", &mine);
        fs::remove_file(server.folder.served(".profile")).unwrap();
    }
}
