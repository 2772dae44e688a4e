//! Netascii, in both directions, with every pair of octets that a conversion may stumble over.

use crate::files::{Shelf, content};
use crate::rig::{
    asking, assert_same, assert_success, download, name, reading, request, serve, upload, writing,
};
use bytes::Bytes;
use wirelore_tftp::netascii;
use wirelore_tokio::tftp::{Direction, Mode, Request};

/// `len` octets in which CR, LF and NUL are frequent.
fn text(len: usize) -> Vec<u8> {
    let octets = content(len).into_iter().map(|octet| match octet % 16 {
        0..3 => b'\r',
        3..6 => b'\n',
        6 => 0,
        letter => b'a' + letter,
    });
    octets.collect()
}

/// What is sent is converted, what arrives is as it was, and `tsize` counts what is on the wire.
#[tokio::test]
async fn text_survives_both_ways() {
    let shelf = Shelf::default();
    let kept = shelf.clone();
    let server = serve(move |asked| {
        assert_eq!(asked.mode, Mode::Netascii);
        match asked.direction {
            Direction::Read => reading(Bytes::from(text(name(asked).parse().unwrap()))),
            Direction::Write => writing(kept.keep(name(asked))),
        }
    });
    for (blksize, windowsize) in [(8, 1), (512, 1), (512, 16), (1428, 64), (65_464, 2)] {
        for size in [0, 1, 7, 8, 9, 511, 512, 513, 20_000, 70_000] {
            let what = (blksize, windowsize, size);
            let (wanted, name) = (text(size), format!("{size}"));
            let on_wire = netascii::encoded_len(&wanted);
            let mode = Mode::Netascii;
            let config = asking(blksize, windowsize);
            let request = Request {
                mode,
                ..request(server.address, &name, config)
            };

            let copies = Shelf::default();
            let summary = download(request, copies.keep("f")).await;
            assert_success(&summary);
            assert_eq!(
                summary.octets, size as u64,
                "octets of the file, not of the wire"
            );
            let told = summary.parameters.unwrap().tsize;
            assert_eq!(told, Some(on_wire).filter(|&size| size > 0), "{what:?}");
            assert_same(&copies.has("f").unwrap(), &wanted, what);

            let back = format!("{size} {blksize} {windowsize}");
            let request = Request {
                name: back.as_bytes(),
                ..request
            };
            let source = Bytes::from(wanted.clone());
            let summary = upload(request, Some(on_wire), source).await;
            assert_success(&summary);
            assert_eq!(summary.octets, size as u64);
            assert_eq!(summary.parameters.unwrap().tsize, Some(on_wire));
            assert_same(&shelf.has(&back).unwrap(), &wanted, what);
        }
    }
}

/// The conversion makes more octets than there are, so a size without `tsize` is never counted.
#[test]
fn the_text_is_worth_converting() {
    let text = text(20_000);
    assert!(netascii::encoded_len(&text) > 25_000);
    for pair in [b"\r\n", b"\r\r", b"\n\n", b"\n\r", b"\r\0"] {
        assert!(text.windows(2).any(|two| two == pair), "{pair:?}");
    }
}
