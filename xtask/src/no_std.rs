//! `no-std`: every crate below the adapter, alone, in a program without std.
//!
//! For each crate a package is written into the target folder: a workspace of its own, so that no
//! other member's features are unified into it, with a panic handler of its own. When std creeps in,
//! `cargo check` fails with E0152 and names the crate that brought it. Programs without an allocator
//! fail to check as soon as any crate among their dependencies links `alloc`.

use crate::Outcome;
use crate::absences::{allocates, is_below_adapter};
use crate::workspace::{Package, Workspace, captured};
use std::fs;
use std::path::Path;

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut packages: Vec<_> = workspace
        .packages
        .iter()
        .filter(|p| is_below_adapter(&p.name))
        .collect();
    packages.sort_by_key(|package| &package.name);
    // while the contract crate links `alloc` whatever its features, so does all that depends on it
    let contract = workspace.package("wirelore-core")?;
    let core_allocates = !contract.features.iter().any(|feature| feature == "alloc");
    for package in packages {
        for all_features in [false, true] {
            if all_features && package.features.is_empty() {
                continue;
            }
            probe(workspace, package, all_features, core_allocates)?;
        }
    }
    Ok(())
}

/// Features that convert to the types of a crate which has no build without std.
const NEED_STD: &[(&str, &str)] = &[("wirelore-http1", "http")];

fn needs_std(package: &str, feature: &str) -> bool {
    NEED_STD.contains(&(package, feature))
}

/// Checks one crate without its default features, or with all there are but those that need std.
fn probe(
    workspace: &Workspace,
    package: &Package,
    all_features: bool,
    core_allocates: bool,
) -> Outcome {
    let features: Vec<&String> = package
        .features
        .iter()
        .filter(|feature| all_features && !needs_std(&package.name, feature))
        .collect();
    let allocator = allocates(&package.name) || all_features || core_allocates;
    let title = format!(
        "{} {}, {} an allocator",
        package.name,
        if all_features {
            "with all features"
        } else {
            "without features"
        },
        if allocator { "with" } else { "without" },
    );
    let folder = workspace.target.join("no-std").join(&package.name);
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(folder.join("src")).map_err(failed)?;
    fs::write(
        folder.join("Cargo.toml"),
        manifest(&package.name, &package.folder, &features),
    )
    .map_err(failed)?;
    fs::write(
        folder.join("src/main.rs"),
        program(&package.name, allocator),
    )
    .map_err(failed)?;
    // the versions of the workspace: nothing is resolved anew, so nothing is fetched
    fs::copy(workspace.root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    let mut cargo = workspace.cargo(&["check", "--quiet"]);
    cargo
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", workspace.target.join("no-std/build"));
    captured(&mut cargo).map_err(|error| format!("no-std: {title}: {error}"))?;
    println!("no-std: {title}: ok");
    Ok(())
}

fn manifest(name: &str, folder: &Path, features: &[&String]) -> String {
    format!(
        "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{name} = {{ path = {folder:?}, default-features = false, features = {features:?} }}\n\n\
         [profile.dev]\npanic = \"abort\"\n"
    )
}

fn program(name: &str, allocator: bool) -> String {
    let krate = name.replace('-', "_");
    let allocator = if allocator { ALLOCATOR } else { "" };
    format!(
        "#![no_std]\n#![no_main]\n\nuse {krate} as _;\n\n#[panic_handler]\n\
         fn panic(_: &core::panic::PanicInfo<'_>) -> ! {{\n    loop {{}}\n}}\n{allocator}"
    )
}

/// An allocator that never has any memory: the program is checked, not run.
const ALLOCATOR: &str = "
struct Empty;

unsafe impl core::alloc::GlobalAlloc for Empty {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}

#[global_allocator]
static EMPTY: Empty = Empty;
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Checks a probe of a crate made of `source`, away from this workspace.
    fn check(source: &str, allocator: bool) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        let subject = folder.path().join("subject");
        write(
            "subject/Cargo.toml",
            "[package]\nname = \"some-crate\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
        );
        write("subject/src/lib.rs", source);
        write("probe/Cargo.toml", &manifest("some-crate", &subject, &[]));
        write("probe/src/main.rs", &program("some-crate", allocator));
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut cargo = Command::new(cargo);
        cargo
            .args(["check", "--offline"])
            .current_dir(folder.path().join("probe"));
        cargo.env("CARGO_TARGET_DIR", folder.path().join("target"));
        captured(&mut cargo).map(drop)
    }

    #[test]
    fn std_is_found() {
        let error = check("pub fn f() {}", true).unwrap_err();
        assert!(
            error.contains("E0152") && error.contains("some_crate"),
            "{error}"
        );
    }

    #[test]
    fn alloc_is_found_where_there_is_no_allocator() {
        let source = "#![no_std]\nextern crate alloc;\npub fn f() -> alloc::vec::Vec<u8> { alloc::vec::Vec::new() }";
        check(source, true).unwrap();
        let error = check(source, false).unwrap_err();
        assert!(error.contains("no global memory allocator"), "{error}");
        check("#![no_std]\npub fn f() {}", false).unwrap();
    }
}
