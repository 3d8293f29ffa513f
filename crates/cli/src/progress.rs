//! A bar for work that takes a while; only where a person is looking.

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Globals;

/// Progress on standard error; silent where that is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar with a word before it.
    pub fn new(globals: &Globals, what: String) -> Self {
        Self::styled(globals, what, "{msg} [{bar:30}] {human_pos}/{human_len}")
    }

    /// The same, counting bytes.
    pub fn bytes(globals: &Globals, what: String) -> Self {
        Self::styled(globals, what, "{msg} [{bar:30}] {bytes}/{total_bytes}")
    }

    fn styled(globals: &Globals, what: String, template: &str) -> Self {
        let bar = if globals.terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template(template).expect("a template of ours"));
        bar.set_message(what);
        Self { bar }
    }

    /// So far `done` of `total`.
    pub fn at(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
