//! What happens to a server's side of a connection.
//!
//! ```text
//! in OCTETS                              they arrive; {eof} at the end: so does the end
//! eof                                    the end of the stream arrives
//! respond STATUS BODY [Name value]       the head; BODY is empty, unknown or a length
//! answer STATUS OCTETS [Name value]      a whole response; {} for no octets
//! inform STATUS [Name value]             an interim response
//! data OCTETS, finish [Name value]       the body, its end and the trailers
//! proceed, next, close, expired          100 (Continue), the next cycle, ...
//! awaits                                 says whether the client waits for 100
//! ```

use wirelore_http1::encode::{FieldBlock, Response};
use wirelore_http1::{Config, Machine, RequestEvent, ServerConfig, ServerConnection};

use super::notation::{plain, words_and_fields};
use super::play::{Side, body, play};
use super::transcript::Transcript;

pub(super) fn run(script: &str, config: Config) -> String {
    let config = ServerConfig {
        message: config,
        ..ServerConfig::default()
    };
    play(script, || ServerConnection::new(config))
}

impl Side for ServerConnection {
    fn tell(event: &RequestEvent<&[u8]>, told: &mut Transcript) {
        told.request(event);
    }

    fn call(&mut self, word: &str, rest: &str, told: &mut Transcript) {
        let (words, list) = words_and_fields(rest);
        let status = || words[0].parse().expect("a status code");
        let fields = match FieldBlock::of(list) {
            Ok(fields) => fields,
            Err(misuse) => return told.called(Err(misuse)),
        };
        let result = match word {
            "respond" => self.respond(
                &Response::new(status(), &fields),
                body(words[1]),
                told.out(),
            ),
            "answer" => {
                let octets = plain(words[1]);
                self.respond_with(&Response::new(status(), &fields), &octets, told.out())
            }
            "inform" => self.inform(&Response::new(status(), &fields), told.out()),
            "data" => self.data(&plain(rest), told.out()),
            "finish" => self.finish(Some(&fields), told.out()),
            "next" => self.next_cycle(),
            "proceed" => {
                self.proceed(told.out());
                Ok(())
            }
            "close" => {
                self.close_after();
                Ok(())
            }
            "expired" => {
                self.expired(told.out());
                Ok(())
            }
            "awaits" => return told.answer("awaits", self.awaits_continue()),
            _ => panic!("{word} is no command"),
        };
        told.called(result);
    }
}
