//! Events that own their octets.

use bytes::Bytes;
use wirelore_core::Detach;

use crate::{Client, Event, Receiver, Server};

macro_rules! detach {
    ($($machine:ident),*) => {
        $(impl Detach for $machine {
            type Owned = Event<Bytes>;

            fn detach(
                event: Self::Event<'_>,
                slice: &mut dyn FnMut(&[u8]) -> Bytes,
            ) -> Self::Owned {
                event.map(slice)
            }
        })*
    };
}

detach!(Receiver, Server, Client);
