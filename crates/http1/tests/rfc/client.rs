//! What happens to a client's side of a connection.
//!
//! ```text
//! in OCTETS, eof                             as for servers
//! request METHOD TARGET BODY [Name value]    the head; BODY is empty, unknown or a length
//! send METHOD TARGET OCTETS [Name value]     a whole request; {} for no octets
//! ... 1.0, 0.9                               before the fields: in this version
//! data OCTETS, finish [Name value]           the body, its end and the trailers
//! next, abandon, expired                     the next cycle, ...
//! awaits, unanswered, alive                  says what the machine says
//! ```

use wirelore_http1::encode::{FieldBlock, Request};
use wirelore_http1::{ClientConfig, ClientConnection, Config, Machine, ResponseEvent, Version};

use super::notation::{plain, words_and_fields};
use super::play::{Side, body, play};
use super::transcript::Transcript;

pub(super) fn run(script: &str, config: Config) -> String {
    let config = ClientConfig {
        message: config,
        ..ClientConfig::default()
    };
    play(script, || ClientConnection::new(config))
}

impl Side for ClientConnection {
    fn tell(event: &ResponseEvent<&[u8]>, told: &mut Transcript) {
        told.response(event);
    }

    fn call(&mut self, word: &str, rest: &str, told: &mut Transcript) {
        let (words, list) = words_and_fields(rest);
        let fields = match FieldBlock::of(list) {
            Ok(fields) => fields,
            Err(misuse) => return told.called(Err(misuse)),
        };
        let octets = |at: usize| words.get(at).map_or(Vec::new(), |it| plain(it));
        let (method, target) = (octets(0), octets(1));
        let version = match words.last() {
            Some(&"0.9") => Version::Http09,
            Some(&"1.0") => Version::Http10,
            _ => Version::Http11,
        };
        let request = Request::new(&method, &target, &fields).with_version(version);
        let result = match word {
            "request" => self.request(&request, body(words[2]), told.out()),
            "send" => self.request_with(&request, &octets(2), told.out()),
            "data" => self.data(&plain(rest), told.out()),
            "finish" => self.finish(Some(&fields), told.out()),
            "next" => self.next_cycle(),
            "abandon" => {
                self.abandon();
                Ok(())
            }
            "expired" => {
                self.expired(told.out());
                Ok(())
            }
            "awaits" => return told.answer("awaits", self.awaits_continue()),
            "alive" => return told.answer("alive", self.keeps_alive()),
            "unanswered" => return told.say("unanswered", self.unanswered().to_string()),
            _ => panic!("{word} is no command"),
        };
        told.called(result);
    }
}
