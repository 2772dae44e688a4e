#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

pub use wirelore_core as core;
#[cfg(feature = "http1")]
pub use wirelore_http1 as http1;
#[cfg(feature = "pcapng")]
pub use wirelore_pcapng as pcapng;
#[cfg(feature = "telnet-nvt")]
pub use wirelore_telnet_nvt as telnet_nvt;
#[cfg(feature = "tftp")]
pub use wirelore_tftp as tftp;
#[cfg(feature = "tokio")]
pub use wirelore_tokio as tokio;

/// The example in the README of the repository.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
