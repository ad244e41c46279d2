//! A small program that depends on one logger, made in a temporary folder and built with cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of one generated program; removed when dropped.
#[derive(Debug)]
pub struct Project(PathBuf);

/// The checkout's root: where the crate `trine` is.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("bench lies in the checkout")
}

/// Whether there is a crate `trine` to measure.
pub fn trine_dependency() -> Result<String, String> {
    let path = root().join("crates/trine");
    if !path.join("Cargo.toml").is_file() {
        return Err("no crate `trine` in this checkout".to_owned());
    }
    Ok(format!("trine = {{ path = {:?} }}", path.display().to_string()))
}

impl Project {
    /// A program `name` with these dependency lines and this `main.rs`.
    pub fn new(name: &str, dependencies: &str, main: &str) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("trine-bench-{name}-{}", std::process::id()));
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n"
        );
        fs::create_dir_all(folder.join("src")).map_err(|err| err.to_string())?;
        fs::write(folder.join("Cargo.toml"), manifest).map_err(|err| err.to_string())?;
        fs::write(folder.join("src/main.rs"), main).map_err(|err| err.to_string())?;
        Ok(Self(folder))
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where `build` puts the program.
    pub fn program(&self, name: &str, release: bool) -> PathBuf {
        self.0.join("target").join(if release { "release" } else { "debug" }).join(name)
    }

    /// Builds the program, dependencies included, and gives the time.
    pub fn build(&self, release: bool) -> Result<Duration, String> {
        build(&self.0, &self.0.join("target"), release, &[])
    }

    /// Builds the program alone, after [`Project::build`] has built its dependencies.
    pub fn rebuild(&self, release: bool) -> Result<Duration, String> {
        let main = self.0.join("src/main.rs");
        let text = fs::read_to_string(&main).map_err(|err| err.to_string())?;
        fs::write(&main, text + "\n").map_err(|err| err.to_string())?;
        self.build(release)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `cargo build` in `folder`, without incremental compilation, and its time.
pub fn build(folder: &Path, target: &Path, release: bool, args: &[&str]) -> Result<Duration, String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["build", "--quiet"]).args(args);
    cargo.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "0").stdin(Stdio::null());
    if release {
        cargo.arg("--release");
    }
    let start = Instant::now();
    let done = cargo.output().map_err(|err| err.to_string())?;
    let time = start.elapsed();
    if done.status.success() { Ok(time) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}
