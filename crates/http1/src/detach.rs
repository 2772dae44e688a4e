//! Events that own their octets.

use bytes::Bytes;
use wirelore_core::Detach;

use crate::{
    ClientConnection, RequestEvent, RequestReceiver, ResponseEvent, ResponseReceiver,
    ServerConnection,
};

macro_rules! detach {
    ($($machine:ident => $event:ident),*) => {
        $(impl Detach for $machine {
            type Owned = $event<Bytes>;

            fn detach(
                event: Self::Event<'_>,
                slice: &mut dyn FnMut(&[u8]) -> Bytes,
            ) -> Self::Owned {
                event.map(slice)
            }
        })*
    };
}

detach!(
    RequestReceiver => RequestEvent,
    ServerConnection => RequestEvent,
    ResponseReceiver => ResponseEvent,
    ClientConnection => ResponseEvent
);
