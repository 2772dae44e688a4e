//! The policy's part of the command line.

use bytesize::ByteSize;
use std::path::PathBuf;

/// Who may read and write what. The command line wins over the configuration file, for every
/// protocol.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Who may read and write what")]
pub(crate) struct Options {
    /// Aliases, access lists and settings for single protocols; see docs/serve-configuration.md
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Only these may ask: a network, an address or an access list of the configuration
    /// (repeatable; default: all)
    #[arg(long, value_name = "NET")]
    pub(crate) allow: Vec<String>,
    /// These may not ask, whatever else allows them (repeatable)
    #[arg(long, value_name = "NET")]
    pub(crate) deny: Vec<String>,
    /// Whether files may be uploaded: not at all, new ones only, or also over existing ones
    /// (default: off)
    #[arg(long, value_name = "WHAT")]
    pub(crate) upload: Option<Uploads>,
    /// Of those who may ask, only these may upload (repeatable; default: all)
    #[arg(long, value_name = "NET")]
    pub(crate) upload_from: Vec<String>,
    /// Uploads must go into this folder of what is served, or one below it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) upload_folder: Option<String>,
    /// The largest upload: 500kB, 100MiB, unlimited (default: 100MiB)
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_upload: Option<Size>,
    /// Refuse uploads when less than this is free on the disk (default: 0)
    #[arg(long, value_name = "SIZE")]
    pub(crate) keep_free: Option<ByteSize>,
    /// Serve nothing but the files that the configuration lists
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) only_listed: Option<bool>,
    /// Serve names that begin with a dot, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) hidden: Option<bool>,
    /// Find files whatever the case of their letters
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) ignore_case: Option<bool>,
    /// Take a backslash for a slash, and C:\ for nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) backslash: Option<bool>,
    /// Take this off the beginning of names: /tftpboot/, flash: (repeatable, the first that fits)
    #[arg(long, value_name = "PREFIX")]
    pub(crate) strip_prefix: Vec<String>,
}

/// What may be uploaded.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Uploads {
    /// Nothing
    #[default]
    Off,
    /// New files only
    Create,
    /// New files, and new contents for existing ones
    Overwrite,
}

/// A number of octets, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) Option<u64>);

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self(None));
        }
        match text.parse() {
            Ok(ByteSize(octets)) => Ok(Self(Some(octets))),
            Err(_) => Err(format!(
                "\"{}\" is no size: write 65536, 500kB, 100MiB or unlimited",
                text.escape_debug()
            )),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Size {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Size;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a size: 65536, \"500kB\", \"100MiB\" or \"unlimited\"")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Size, E> {
                match u64::try_from(number) {
                    Ok(octets) => Ok(Size(Some(octets))),
                    Err(_) => Err(E::invalid_value(
                        serde::de::Unexpected::Signed(number),
                        &self,
                    )),
                }
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Size, E> {
                Ok(Size(Some(number)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        policy: Options,
        folder: Option<PathBuf>,
    }

    fn parse(arguments: &[&str]) -> Result<Serve, clap::Error> {
        Serve::try_parse_from([&["serve"], arguments].concat())
    }

    #[test]
    fn the_command_line_is_sound() {
        Serve::command().debug_assert();
    }

    #[test]
    fn switches_take_a_value_only_after_an_equals_sign() {
        let serve = parse(&["--ignore-case", "folder", "--hidden=false"]).expect("parses");
        assert_eq!(serve.policy.ignore_case, Some(true));
        assert_eq!(serve.policy.hidden, Some(false));
        assert_eq!(serve.policy.backslash, None);
        assert_eq!(
            serve.folder.as_deref(),
            Some(std::path::Path::new("folder"))
        );
    }

    #[test]
    fn options_repeat_and_are_checked() {
        let serve = parse(&[
            "--allow",
            "10.0.0.0/8",
            "--allow",
            "22",
            "--upload",
            "create",
        ]);
        let policy = serve.expect("parses").policy;
        assert_eq!(policy.allow, ["10.0.0.0/8", "22"]);
        assert_eq!(policy.upload, Some(Uploads::Create));
        assert!(parse(&["--upload", "yes"]).is_err());
        assert!(parse(&["--max-upload", "much"]).is_err());
    }

    #[test]
    fn sizes_have_units() {
        let octets = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(octets("65536"), Ok(Some(65536)));
        assert_eq!(octets("500kB"), Ok(Some(500_000)));
        assert_eq!(octets("100MiB"), Ok(Some(100 << 20)));
        assert_eq!(octets("unlimited"), Ok(None));
        for bad in ["", "-1", "MiB", "1 furlong", "Unlimited"] {
            assert!(octets(bad).is_err(), "{bad}");
        }
    }
}
