//! Two real years, where the data folder is there: the figures that anybody can count in the files.

use std::path::{Path, PathBuf};

use guicang_cli::import::report::Report;
use guicang_cli::import::rules::Kind;
use guicang_cli::import::{Options, Source, import};
use guicang_domain::money::Amount;
use guicang_domain::sale::BATCH_BYTES;

use crate::stories::uci;
use crate::target::Shelf;

/// A file of the data folder, where that is there.
pub fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.is_file() {
        println!("skipped: ../shared/data/{name} isn't there");
        return None;
    }
    Some(path)
}

fn bring(shelf: &mut Shelf, path: &Path) -> Report {
    let source = Source::open(path).unwrap();
    let report = import(shelf, source, &uci(), &Options::default(), &mut |_| {}).unwrap();
    assert_eq!(report.accounted(), report.rows);
    assert_eq!(report.left_out, []);
    report
}

/// All rows of 2010-2011 accounted for, to the penny; a second time nothing is new; of the year
/// before, the nine days that both files have are known.
#[test]
fn two_real_years_come_in_once_each() {
    let (Some(later), Some(earlier)) =
        (data("online_retail.csv.zst"), data("online_retail_2009_2010.csv.zst"))
    else {
        return;
    };
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, &later);
    assert_eq!(report.rows, 541_909);
    let taken = |report: &Report| {
        [Kind::Sale, Kind::Return, Kind::WrittenOff, Kind::Found].map(|kind| report.taken.of(kind))
    };
    assert_eq!(taken(&report), [530_143, 9_288, 1_336, 1_128]);
    assert_eq!(report.skipped, [("bad_debt".into(), 3), ("service_without_value".into(), 11)].into());
    let lines = report.return_lines;
    assert_eq!((lines.matched, lines.partly, lines.unmatched), (7_516, 54, 1_718));
    assert_eq!(shelf.sites().len(), 38);
    assert_eq!(shelf.net, Amount(975_880_999));
    let largest = shelf.sale_documents.iter().max().unwrap();
    assert!(*largest > BATCH_BYTES * 4 / 5, "batches are cut too early: at {largest} bytes");
    let services = |says: &&String| says.contains("ReturnLine {") && says.contains("service: true");
    assert_eq!(9_288 - shelf.rows.values().filter(services).count(), 8_704);

    let held = (shelf.rows.len(), shelf.batches, shelf.net);
    let again = bring(&mut shelf, &later);
    assert_eq!((again.already_known, again.taken.total()), (541_895, 0));
    assert_eq!((shelf.rows.len(), shelf.batches, shelf.net), held);

    let before = bring(&mut shelf, &earlier);
    assert_eq!(before.rows, 525_461);
    assert_eq!(before.already_known, 22_523);
    assert_eq!(shelf.rows.len() as u64, report.taken.total() + before.taken.total());
    assert_eq!(taken(&before), [489_579, 9_876, 2_055, 1_393]);
    assert_eq!(before.skipped["service_without_value"], 31);
    assert_eq!(before.skipped["cancellation_with_positive_quantity"], 1);
}
