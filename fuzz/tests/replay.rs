//! Every target over its corpus, its regressions and seeded random octets, on plain stable Rust.

use std::fs;
use std::path::Path;
use wirelore_fuzz::TARGETS;
use wirelore_testkit::Rng;

#[test]
fn corpus_and_regressions_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, target) in TARGETS {
        let mut replayed = 0;
        for folder in ["corpus", "regressions"] {
            let Ok(files) = fs::read_dir(root.join(folder).join(name)) else {
                continue;
            };
            for file in files {
                let path = file.expect("a readable folder").path();
                let data = fs::read(&path).expect("a readable file");
                // a panic below names the target only: say which file it was
                eprintln!("{}", path.display());
                target(&data);
                replayed += 1;
            }
        }
        assert!(replayed > 0, "{name} has no corpus");
    }
}

#[test]
fn random_octets_pass() {
    for (name, target) in TARGETS {
        let mut rng = Rng::new(1);
        for _ in 0..3000 {
            let mut data = vec![0; rng.index(600)];
            rng.fill(&mut data);
            // opcodes and small numbers are rare in random octets
            if let [first, second, ..] = data.as_mut_slice() {
                (*first, *second) = (0, *second % 8);
            }
            target(&data);
        }
        eprintln!("{name}: 3000 random inputs");
    }
}

#[test]
fn every_target_has_a_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    let binaries = manifest.matches("[[bin]]").count();
    assert_eq!(binaries, TARGETS.len());
}
