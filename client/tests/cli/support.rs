//! A branch whose commands run within the test, with a clock that stands still and chance that
//! repeats: so whole outputs can be compared.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;

use guicang_cli::output::Streams;
use guicang_client::World;
use guicang_domain::time::Moment;
use guicang_replica::Machine;
use tempfile::TempDir;

thread_local! {
    static CHANCE: Cell<u64> = const { Cell::new(1) };
}

/// A folder with a branch's file in it.
pub struct Branch {
    folder: TempDir,
    lang: &'static str,
}

/// What a command did.
pub struct Done {
    /// The exit code.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A stream that is kept.
#[derive(Clone, Default)]
pub struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    /// What was written.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// 2026-11-23 14:00 in Shanghai.
pub fn now() -> Moment {
    Moment(1_795_413_600_000)
}

/// The same bytes for each run of a test: the sequence begins anew in each thread.
pub fn fill(bytes: &mut [u8]) {
    for byte in bytes {
        let next = CHANCE.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        CHANCE.set(next);
        *byte = (next >> 33) as u8;
    }
}

impl Branch {
    /// A folder without a file, spoken to in English.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), lang: "en" }
    }

    /// A branch on trial: site S01, device S01A, CNY.
    pub fn on_trial() -> Self {
        let branch = Self::empty();
        branch.ok("init");
        branch
    }

    /// The same, spoken to in Chinese.
    pub fn in_chinese(mut self) -> Self {
        self.lang = "zh";
        self
    }

    /// The path of a file in the branch's folder.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command; its words are divided at spaces.
    pub fn run(&self, command: &str) -> Done {
        self.run_on(None, command)
    }

    /// Runs a command on a machine.
    pub fn run_on(&self, machine: Option<Machine>, command: &str) -> Done {
        let (out, err) = (Sink::default(), Sink::default());
        let db = self.path("branch.guicang").display().to_string();
        let lang = self.lang;
        let mut world = World {
            args: std::iter::once("guicang").chain(command.split_whitespace()).map(Into::into).collect(),
            env: Box::new(move |name| match name {
                "USER" => Some("alice".into()),
                "GUICANG_LANG" => Some(lang.into()),
                "XDG_CONFIG_HOME" => Some("/nonexistent".into()),
                _ => None,
            }),
            now,
            fill,
            machine,
            streams: Streams { out: Box::new(out.clone()), err: Box::new(err.clone()), terminal: false },
        };
        world.args.extend(["--db".into(), db.into()]);
        let code = guicang_client::run(world);
        Done { code, out: out.text(), err: err.text() }
    }

    /// Runs a command that succeeds; gives its standard output.
    pub fn ok(&self, command: &str) -> String {
        let done = self.run(command);
        assert_eq!(done.code, 0, "{command}\n{}{}", done.out, done.err);
        done.out
    }

    /// Runs a query as JSON; gives its items.
    pub fn items(&self, command: &str) -> Vec<serde_json::Value> {
        let out = self.ok(&format!("{command} --json"));
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        value["items"].as_array().unwrap().clone()
    }

    /// Runs a command that fails; gives its exit code and standard error.
    pub fn fails(&self, command: &str) -> (u8, String) {
        let done = self.run(command);
        assert_ne!(done.code, 0, "{command} succeeded:\n{}", done.out);
        (done.code, done.err)
    }
}
