use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::{Ended, bunraku, run};

/// A checkout and a cargo that "builds" prebuilt files, and notes how it was called.
struct Checkout {
    directory: tempfile::TempDir,
}

impl Checkout {
    fn new(executables: [(&str, &Path); 3]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("functions/compile/src")).unwrap();
        for file in ["Cargo.toml", "functions/compile/Cargo.toml"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        let messages: Vec<String> = executables
            .iter()
            .map(|(name, path)| {
                serde_json::json!({
                    "reason": "compiler-artifact", "target": { "name": name }, "executable": path,
                })
                .to_string()
            })
            .collect();
        let script = format!(
            "#!/bin/sh\necho \"$@\" > called\ncat <<'END'\n{}\nEND\n",
            messages.join("\n")
        );
        let checkout = Self { directory };
        checkout.write_cargo(&script);
        checkout
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn cargo(&self) -> PathBuf {
        self.root().join("cargo")
    }

    fn write_cargo(&self, script: &str) {
        std::fs::write(self.cargo(), script).unwrap();
        std::fs::set_permissions(self.cargo(), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs it from deep within the checkout.
    fn package(&self, arguments: &[&str]) -> Ended {
        run(bunraku(&["infra", "package"])
            .args(arguments)
            .current_dir(self.root().join("functions/compile/src"))
            .env("CARGO", self.cargo()))
    }

    fn zip(&self, name: &str) -> PathBuf {
        self.root().join("infra/dist").join(name)
    }
}

/// A small executable of the system.
fn small() -> PathBuf {
    PathBuf::from("/bin/true").canonicalize().unwrap()
}

fn of_small() -> Checkout {
    let small = small();
    Checkout::new(["bunraku-plan", "bunraku-ingest", "bunraku-compile"].map(|it| (it, &*small)))
}

#[test]
fn each_function_becomes_a_zip_that_lambda_can_start() {
    let checkout = of_small();
    let ended = checkout.package(&["--profile", "dev", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let functions = ended.json()["functions"].as_array().unwrap().clone();
    let names: Vec<&str> = functions
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ingest", "plan", "compile"]);
    for function in &functions {
        let path = function["zip"].as_str().unwrap();
        let content = std::fs::read(path).unwrap();
        assert_eq!(function["bytes"], content.len());
        assert_eq!(function["sha256"].as_str().unwrap().len(), 64);
        assert!(function["glibc"].as_str().unwrap().starts_with("2."));
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(content)).unwrap();
        let mut bootstrap = Vec::new();
        zip.by_name("bootstrap")
            .unwrap()
            .read_to_end(&mut bootstrap)
            .unwrap();
        assert_eq!(bootstrap, std::fs::read(small()).unwrap());
    }
    let called = std::fs::read_to_string(checkout.root().join("called")).unwrap();
    assert!(called.contains("--workspace --profile dev"), "{called}");
    for function in ["ingest", "plan", "compile"] {
        assert!(
            called.contains(&format!("--bin bunraku-{function}")),
            "{called}"
        );
    }

    // The same again is the same bytes.
    let again = checkout.package(&["--profile", "dev", "--json"]).json();
    assert_eq!(again["functions"], serde_json::Value::from(functions));
}

#[test]
fn a_binary_that_lambda_cannot_run_leaves_no_zip_behind() {
    let checkout = of_small();
    assert_eq!(checkout.package(&[]).code, 0);
    assert!(checkout.zip("plan.zip").exists());

    let script = checkout.root().join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let small = small();
    let other = Checkout::new([
        ("bunraku-ingest", &small),
        ("bunraku-plan", &script),
        ("bunraku-compile", &small),
    ]);
    checkout.write_cargo(&std::fs::read_to_string(other.cargo()).unwrap());
    let ended = checkout.package(&[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("bunraku-plan is no ELF executable"),
        "{}",
        ended.stderr
    );
    for name in ["ingest.zip", "plan.zip", "compile.zip"] {
        assert!(!checkout.zip(name).exists(), "{name}");
    }
}

#[test]
fn what_goes_wrong_before_is_told_plainly() {
    let checkout = of_small();
    checkout.write_cargo("#!/bin/sh\nexit 101\n");
    let ended = checkout.package(&[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("cargo could not build the functions"),
        "{}",
        ended.stderr
    );

    let elsewhere = tempfile::tempdir().unwrap();
    let ended = run(bunraku(&["infra", "package"]).current_dir(elsewhere.path()));
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("not in a checkout of Bunraku"),
        "{}",
        ended.stderr
    );

    let ended = run(bunraku(&["infra", "package"])
        .current_dir(checkout.root())
        .env("PATH", elsewhere.path()));
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("apt-get install binutils"),
        "{}",
        ended.stderr
    );

    let ended = checkout.package(&["--target", "riscv64gc-unknown-linux-gnu"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("x86_64 and aarch64"),
        "{}",
        ended.stderr
    );
}
