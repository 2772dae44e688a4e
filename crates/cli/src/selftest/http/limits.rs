//! What takes too long.

use super::super::judge::Fault;
use super::super::wire::Wire;
use super::exchange::{answer, ends, request};
use super::{At, Case, Scene, cases};

pub(super) const CASES: &[Case] = cases! { "limits":
    "a head that comes too slowly" "408, then the end" slow;
    "a head without an end" "431, then the end" long;
};

async fn slow(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Narrow)?).await?;
    let head = request("GET", "/", &[]);
    wire.sends(&head[..head.len() - 2]).await?;
    let came = answer(&mut wire, "GET").await?;
    came.has_status(408)?;
    came.goes_on(false)?;
    ends(&mut wire).await
}

async fn long(scene: &mut Scene<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(scene.place(At::Shelf)?).await?;
    let head = request("GET", "/", &["X: y"; 10_000]);
    wire.sends(&head[..20_000]).await?;
    let came = answer(&mut wire, "GET").await?;
    came.has_status(431)?;
    came.goes_on(false)?;
    ends(&mut wire).await
}
