//! The two programs: built, called with `--json` as a user's script would call them, and served.
//!
//! What surprises: each call has a clean environment of ours; a developer's own `GUICANG_...` settings
//! can't change what the demo does.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::tongue::Tongue;
use crate::places;

/// Where both programs are.
pub struct Programs {
    guicang: PathBuf,
    server: PathBuf,
}

impl Programs {
    /// Builds both.
    pub fn build() -> anyhow::Result<Self> {
        let folder = places::programs()?;
        let mut command = places::cargo();
        command.args(["build", "--workspace", "--exclude", "xtask", "--bins", "--locked", "--quiet"]);
        ensure!(command.status()?.success(), "the programs don't build: see above");
        let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { guicang: program("guicang"), server: program("guicang-server") })
    }

    /// `guicang` on a branch's file.
    pub fn branch(&self, file: PathBuf, tongue: Tongue) -> Program {
        Program { name: "guicang", path: self.guicang.clone(), setting: "GUICANG_DB", data: file, tongue }
    }

    /// `guicang-server` on HQ's folder.
    pub fn hq(&self, folder: PathBuf, tongue: Tongue) -> Program {
        let (name, path) = ("guicang-server", self.server.clone());
        Program { name, path, setting: "GUICANG_DATA", data: folder, tongue }
    }
}

/// A program on its data.
pub struct Program {
    name: &'static str,
    path: PathBuf,
    setting: &'static str,
    data: PathBuf,
    tongue: Tongue,
}

/// How a call ended.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What it printed as data: the `items` of its JSON.
    pub items: Vec<Value>,
    /// What it said to the person.
    pub said: String,
}

impl Program {
    /// Calls it; any exit code will do.
    pub fn call(&self, words: &[&str]) -> anyhow::Result<Ran> {
        let output = self
            .command()
            .args(words)
            .arg("--json")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("can't run {}", self.path.display()))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let data = String::from_utf8(output.stdout).context("data that isn't UTF-8")?;
        let items = match data.trim() {
            "" => Vec::new(),
            json => items(json).with_context(|| format!("{} printed {json}", self.typed(words)))?,
        };
        let code = output.status.code().with_context(|| format!("{} was killed", self.typed(words)))?;
        Ok(Ran { code, items, said })
    }

    /// Calls it; it has to succeed.
    pub fn ask(&self, words: &[&str]) -> anyhow::Result<Vec<Value>> {
        let ran = self.call(words)?;
        if ran.code != 0 {
            bail!("{} ended with exit code {}:\n{}", self.typed(words), ran.code, ran.said);
        }
        Ok(ran.items)
    }

    /// Calls it; it has to succeed and print one item.
    pub fn ask_one(&self, words: &[&str]) -> anyhow::Result<Value> {
        let items = self.ask(words)?;
        let [item] = items.as_slice() else {
            bail!("{} printed {} items, not one", self.typed(words), items.len())
        };
        Ok(item.clone())
    }

    /// Serves at an address until the result is dropped; what it says goes to the file `log`.
    pub fn serve(&self, listen: &str, log: &Path) -> anyhow::Result<Serving> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut child = self
            .command()
            .args(["serve", "--listen", listen, "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("can't run {}", self.path.display()))?;
        let out = child.stdout.take().context("a piped standard output")?;
        let mut serving = Serving { child, out: BufReader::new(out), address: String::new() };
        let mut line = String::new();
        serving.out.read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)
            .with_context(|| format!("guicang-server serve said no address but {line:?}"))?;
        serving.address = ready["listening"].as_str().context("an address")?.to_owned();
        Ok(serving)
    }

    /// A call as a person would type it.
    pub fn typed(&self, words: &[&str]) -> String {
        let quoted = |word: &&str| match word.contains([' ', ';', '(', '*']) || word.is_empty() {
            true => format!("\"{word}\""),
            false => (*word).to_owned(),
        };
        let words: Vec<String> = words.iter().map(quoted).collect();
        format!("{} {}", self.name, words.join(" "))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GUICANG_") {
                command.env_remove(name);
            }
        }
        command
            .env(self.setting, &self.data)
            .env("GUICANG_LANG", self.tongue.code())
            .env("GUICANG_USER", "demo")
            // No settings file of the developer's, either.
            .env("XDG_CONFIG_HOME", self.data.with_file_name("no-settings"));
        command
    }
}

/// A server at work. Dropped, it is cut off at once, as by a power failure: what it acknowledged is on
/// its disk.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub address: String,
}

impl Serving {
    /// Waits until somebody ends it.
    pub fn wait(mut self) -> anyhow::Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn items(json: &str) -> anyhow::Result<Vec<Value>> {
    let mut envelope: Value = serde_json::from_str(json)?;
    match envelope["items"].take() {
        Value::Array(items) => Ok(items),
        _ => bail!("no items"),
    }
}
