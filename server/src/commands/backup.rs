//! `backup`, `restore`, `recover`: HQ's data folder copied, put back, and made anew.

use std::path::PathBuf;

use clap::Args;
use guicang_cli::progress::Progress;
use guicang_cli::texts::{clones, hq as texts};
use guicang_cli::verbs::backup::{show_backed_up, show_restored};
use guicang_cli::{Exit, Failure, Told};
use guicang_domain::ids::PublicKey;
use guicang_domain::money::Currency;
use guicang_domain::time::Zone;
use guicang_sync::feed::Epoch;
use serde::Serialize;

use super::Session;
use crate::backup::{back_up, put_back};
use crate::data::{Data, NewOrganisation};

/// Where to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The new folder
    pub folder: PathBuf,
}

/// Which.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's folder
    pub folder: PathBuf,
    /// Replace files that hold more than the backup; they are kept beside
    #[arg(long)]
    pub force: bool,
}

/// By what right, and what nothing that is left says.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// A file with the organisation's secret, as `init` showed it
    #[arg(long, value_name = "FILE")]
    pub secret_file: PathBuf,
    /// The organisation's name, where both files are lost
    #[arg(long, default_value = "My chain")]
    pub name: String,
    /// The time zone until HQ's settings come
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: Zone,
    /// The currency until HQ's settings come
    #[arg(long, default_value = "CNY")]
    pub currency: Currency,
}

/// What was made anew, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct RecoverItem {
    hq: bool,
    relay: bool,
    code: String,
}

impl BackupArgs {
    /// Makes it.
    ///
    /// # Errors
    /// [`Failure`] when there is such a folder, or a copy isn't in order.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let hq = session.open()?;
        let progress = Progress::new(globals, clones::backing_up(l));
        let made = back_up(&hq.replica, &hq.relay, &self.folder, &mut |done, total| progress.at(done, total));
        progress.done();
        show_backed_up(globals, &self.folder, &made.told(globals)?)
    }
}

impl RestoreArgs {
    /// Puts it back.
    ///
    /// # Errors
    /// [`Failure`] when the backup isn't in order, what is there holds more, or is in use.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let data = session.data()?;
        let times = ((session.now)(), Epoch(session.random()));
        let progress = Progress::new(globals, clones::restoring(l));
        let told = &mut |done, total| progress.at(done, total);
        let restored = put_back(&Data::new(self.folder.clone()), &data, self.force, times, told);
        progress.done();
        show_restored(globals, data.folder(), &restored.told(globals)?)
    }
}

impl RecoverArgs {
    /// Makes what is missing, and follows what there is.
    ///
    /// # Errors
    /// [`Failure`] when nothing is missing, or the secret isn't the organisation's.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let unreadable = |found: String| {
            let shown = self.secret_file.display().to_string();
            Failure::new(Exit::Refused, clones::no_secret(l, &shown, &found), clones::no_secret_next(l))
        };
        let text = std::fs::read_to_string(&self.secret_file).map_err(|e| unreadable(e.to_string()))?;
        // 32 bytes in hexadecimal, as a public key's text is.
        let secret: PublicKey = text.trim().parse().map_err(|_| unreadable("-".into()))?;
        let new = NewOrganisation { name: self.name.clone(), zone: self.zone, currency: self.currency };
        let made =
            session.data()?.recover(secret.0, &new, (session.now)(), session.ambient()).told(globals)?;
        let mut hq = session.open()?;
        session.settle(&mut hq)?;
        let code = hq.replica.identity().code.to_string();
        let item = RecoverItem { hq: made.hq, relay: made.relay, code };
        globals.show("recover", &[item], |items| clones::recovered(l, &items[0].code))?;
        globals.next(&texts::devices_next(l))
    }
}
