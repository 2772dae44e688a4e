//! What the bars share: how a bar is reported, how instructions are counted, and the subjects that
//! both bars and benchmarks measure.

pub mod bar;
pub mod http1;
pub mod instructions;
pub mod simulation;
pub mod telnet;
pub mod tftp;
