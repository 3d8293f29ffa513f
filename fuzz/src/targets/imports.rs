//! Files that other programs wrote: sales by every profile, statements of payment providers, lists of articles
//! and sites. Every row is accounted for, whatever it holds.

use std::collections::HashSet;
use std::io::{Cursor, Write};

use guicang_cli::import::profile::Profile;
use guicang_cli::import::sheet::Sheet;
use guicang_cli::import::target::{ImportTarget, SiteAnswer, TargetError};
use guicang_cli::import::{Options, Source, import};
use guicang_cli::statement::StatementProfile;
use guicang_domain::ids::{CustomerId, ReceiptId, ReceiptLineId, ReceiptNumber, SiteId, Sku};
use guicang_replica::{HeldSaleLine, ImportBatch};

/// What the providers' profiles are called.
const STATEMENTS: &[&str] = &["wechat", "alipay"];

/// Reads the bytes as a file of sales, or as a statement and a list; the first tells by which profile.
pub fn read(bytes: &[u8]) {
    let Some((pick, file)) = bytes.split_first() else { return };
    let names = Profile::names();
    let pick = usize::from(*pick);
    match names.get(pick % (names.len() + 1)) {
        Some(name) => sales(name, file.to_vec()),
        None => on_disk(file),
    }
}

fn sales(name: &str, file: Vec<u8>) {
    let profile = Profile::load(name).expect("a profile of ours");
    let options = Options { site: Some("S001".parse().expect("a site")), ..Options::default() };
    let source = Source::from_reader("fuzz.csv", Cursor::new(file));
    if let Ok(report) = import(&mut Anything, source, &profile, &options, &mut |_| {}) {
        assert_eq!(report.accounted(), report.rows, "a row is neither taken nor left out");
    }
}

/// These are read from a path.
fn on_disk(file: &[u8]) {
    let Ok(mut held) = tempfile::NamedTempFile::new() else { return };
    if held.write_all(file).is_err() {
        return;
    }
    for profile in STATEMENTS.iter().filter_map(|name| StatementProfile::load(name).ok()) {
        let _ = profile.read(held.path());
    }
    if let Ok(mut sheet) = Sheet::open(held.path()) {
        while let Ok(Some(_)) = sheet.next_row() {}
    }
}

/// Takes every batch, and holds nothing.
struct Anything;

impl ImportTarget for Anything {
    fn site(&mut self, _: &SiteId) -> Result<SiteAnswer, TargetError> {
        Ok(SiteAnswer::Accept)
    }

    fn known_rows(&mut self, _: &ReceiptId) -> Result<HashSet<ReceiptLineId>, TargetError> {
        Ok(HashSet::new())
    }

    fn sale_lines_of(&mut self, _: &CustomerId, _: &str) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(Vec::new())
    }

    fn sale_lines_on(
        &mut self,
        _: &SiteId,
        _: &ReceiptNumber,
        _: &str,
    ) -> Result<Vec<HeldSaleLine>, TargetError> {
        Ok(Vec::new())
    }

    fn article_of(&mut self, _: &str) -> Result<Option<Sku>, TargetError> {
        Ok(None)
    }

    fn import_batch(&mut self, _: ImportBatch) -> Result<(), TargetError> {
        Ok(())
    }
}
