//! The facade names the same types as the crates.

#[test]
fn a_protocol_and_the_contract_fit_together() {
    fn is_machine<M: wirelore::core::DatagramMachine<u32>>(_: &M) {}
    let config = wirelore::tftp::ClientConfig::plain();
    let mode = wirelore::tftp::Mode::Octet;
    is_machine(&wirelore::tftp::Client::get(0x2_0045_u32, b"file", mode, config).unwrap());
}
