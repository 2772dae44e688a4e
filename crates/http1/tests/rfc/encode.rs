//! What the encoder makes of what it is handed.
//!
//! ```text
//! request METHOD TARGET BODY [Name value]     BODY is empty, unknown or a length
//! response STATUS BODY [Name value]
//! ... 1.0, reason=PHRASE                      before the fields
//! trailers [Name value]                       the end of a chunked body
//! forward [Name value]                        which fields a proxy sends on
//! forward-trailers [Name value]               and which trailers
//! set NAME VALUE [Name value]                 these fields with this one
//! ```

use wirelore_http1::encode::{
    BodyWriter, ConnectionOption, FieldBlock, Forward, OutFraming, Request, Response,
    request_framing, response_framing, write_request_head, write_response_head,
};
use wirelore_http1::wire::MethodKind;
use wirelore_http1::{Misuse, Version};

use super::notation::{plain, show, words_and_fields};
use super::play::body;
use super::transcript::name;

pub(super) fn run(input: &str) -> String {
    let mut out = b"untouched".to_vec();
    let result = write(input, &mut out);
    let written = out.strip_prefix(b"untouched").expect("only appended to");
    match result {
        Ok(()) => format!("out {}", show(written)),
        Err(misuse) => {
            assert!(written.is_empty(), "{misuse:?} wrote something");
            format!("misuse {}", name(&misuse))
        }
    }
}

fn write(input: &str, out: &mut Vec<u8>) -> Result<(), Misuse> {
    let (command, rest) = input.split_once(' ').expect("a command");
    let (words, list) = words_and_fields(rest);
    let old = words.contains(&"1.0");
    let version = if old {
        Version::Http10
    } else {
        Version::Http11
    };
    let received = || list.iter().map(|(name, value)| (&name[..], &value[..]));
    match command {
        "forward" => {
            let block = FieldBlock::from_received(received(), Forward::EndToEnd);
            out.extend_from_slice(block.as_bytes());
            return Ok(());
        }
        "forward-trailers" => {
            let block = FieldBlock::from_received(received(), Forward::Trailers);
            out.extend_from_slice(block.as_bytes());
            return Ok(());
        }
        _ => {}
    }
    let mut fields = FieldBlock::of(received())?;
    match command {
        "request" => {
            let (method, target) = (plain(words[0]), plain(words[1]));
            let framing = request_framing(&method, version, body(words[2]))?;
            let request = Request::new(&method, &target, &fields).with_version(version);
            write_request_head(&request, framing, ConnectionOption::None, out)
        }
        "response" => {
            let status = words[0].parse().expect("a status code");
            let framing = response_framing(status, MethodKind::Get, version, body(words[1]))?;
            let reason = words.iter().find_map(|it| it.strip_prefix("reason="));
            let reason = reason.map(plain);
            let mut response = Response::new(status, &fields).with_version(version);
            response.reason = reason.as_deref();
            write_response_head(&response, framing.head, ConnectionOption::None, out)
        }
        "trailers" => BodyWriter::new(OutFraming::Chunked).finish(Some(&fields), out),
        "set" => {
            fields.set(plain(words[0]), plain(words[1]))?;
            out.extend_from_slice(fields.as_bytes());
            Ok(())
        }
        _ => panic!("{command} is no command"),
    }
}
