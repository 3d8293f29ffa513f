//! What an import does to a replica: kinds, links, identity. On an excerpt of real rows.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use guicang_cli::import::profile::Profile;
use guicang_cli::import::report::{Progress, Report};
use guicang_cli::import::rules::Kind;
use guicang_cli::import::scratch::Limits;
use guicang_cli::import::{ImportError, Options, Source, import};

use crate::target::Shelf;

pub fn uci() -> Profile {
    Profile::load("uci-online-retail").unwrap()
}

fn excerpt() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/uci-excerpt.csv")
}

fn bring(shelf: &mut Shelf, path: &Path, options: &Options) -> Result<Report, ImportError> {
    import(shelf, Source::open(path)?, &uci(), options, &mut |_| {})
}

/// Imports a text under the UCI profile.
pub fn bring_text(shelf: &mut Shelf, text: impl Into<Vec<u8>>) -> Result<Report, ImportError> {
    bring_with(shelf, text, &Options::default())
}

/// The same with options.
fn bring_with(shelf: &mut Shelf, text: impl Into<Vec<u8>>, options: &Options) -> Result<Report, ImportError> {
    let source = Source::from_reader("made up", Cursor::new(text.into()));
    import(shelf, source, &uci(), options, &mut |_| {})
}

pub const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// The report as people and programs get it. Every row of the excerpt is in it once.
#[test]
fn the_excerpt_is_accounted_for_row_by_row() {
    let mut shelf = Shelf::default();
    let mut last = None;
    let source = Source::open(&excerpt()).unwrap();
    let report =
        import(&mut shelf, source, &uci(), &Options::default(), &mut |p: Progress| last = Some(p)).unwrap();
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        concat!(
            r#"{"rows":1986,"taken":{"sale":1492,"return":190,"found":182,"written_off":110,"received":0,"#,
            r#""sent_back":0,"tender":0},"skipped":[{"reason":"service_without_value","rows":9},{"reason":"bad_debt","#,
            r#""rows":3}],"return_lines":{"matched":144,"partly":5,"unmatched":41},"already_known":0}"#,
        )
    );
    assert_eq!(report.accounted(), report.rows);
    assert_eq!(shelf.rows.len() as u64, report.taken.total());
    let last = last.unwrap();
    assert_eq!((last.rows, Some(last.bytes_read)), (report.rows, last.bytes_total));
}

/// A dry run finds the same and writes nothing.
#[test]
fn a_dry_run_reports_the_same_and_changes_nothing() {
    let (mut dry, mut wet) = (Shelf::default(), Shelf::default());
    let options = Options { dry_run: true, ..Options::default() };
    let told = bring(&mut dry, &excerpt(), &options).unwrap();
    assert_eq!(told, bring(&mut wet, &excerpt(), &Options::default()).unwrap());
    assert_eq!((dry.batches, dry.rows.len()), (0, 0));
}

/// Importing a file again changes nothing.
#[test]
fn a_second_import_of_the_same_file_changes_nothing() {
    let mut shelf = Shelf::default();
    let first = bring(&mut shelf, &excerpt(), &Options::default()).unwrap();
    let (rows, batches) = (shelf.rows.clone(), shelf.batches);
    let second = bring(&mut shelf, &excerpt(), &Options::default()).unwrap();
    assert_eq!(second.already_known, first.taken.total());
    assert_eq!(second.taken.total(), 0);
    assert_eq!(second.skipped, first.skipped);
    assert_eq!((shelf.rows, shelf.batches), (rows, batches));
}

/// Whether all is kept in memory or next to nothing: the same rows, the same links.
#[test]
fn how_much_is_kept_in_memory_makes_no_difference() {
    let mut roomy = Shelf::default();
    let expected = bring(&mut roomy, &excerpt(), &Options::default()).unwrap();
    for few in [1, 7, 100] {
        let mut tight = Shelf::default();
        let limits = Limits { rows: few, sale_lines: few, ..Limits::default() };
        let report = bring(&mut tight, &excerpt(), &Options { limits, ..Options::default() }).unwrap();
        assert_eq!(report, expected, "{few}");
        assert!(tight.rows == roomy.rows, "{few}");
    }
}

/// Two halves of a file, brought one after the other, are the file: a return in the second half
/// takes back what was sold in the first, and what the first has already taken back stays taken.
#[test]
fn a_file_in_two_parts_links_as_in_one() {
    let text = std::fs::read_to_string(excerpt()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut whole = Shelf::default();
    bring(&mut whole, &excerpt(), &Options::default()).unwrap();
    for cut in [200, 700, 1100, 1500] {
        for few in [1, 300_000] {
            let mut shelf = Shelf::default();
            let limits = Limits { rows: few, sale_lines: few, ..Limits::default() };
            let options = Options { limits, ..Options::default() };
            for part in [&lines[..cut], &lines[..]] {
                let source = Source::from_reader("part", Cursor::new(part.join("\n").into_bytes()));
                import(&mut shelf, source, &uci(), &options, &mut |_| {}).unwrap();
            }
            assert!(shelf.rows == whole.rows, "cut at {cut}, {few} kept");
        }
    }
}

/// A branch takes its own rows, and says how many were others'.
#[test]
fn a_branch_imports_its_own_site_alone() {
    let mut shelf = Shelf::default();
    shelf.own = Some("Germany".parse().unwrap());
    let report = bring(&mut shelf, &excerpt(), &Options::default()).unwrap();
    assert_eq!(shelf.sites().len(), 1);
    assert!(report.taken.total() > 0);
    let others = report.skipped["other_site"];
    assert!(others > report.taken.total());
}

/// The same lines come as a packed file under any name.
#[test]
fn zstd_is_known_by_its_first_bytes() {
    let text = std::fs::read(excerpt()).unwrap();
    let packed = zstd::encode_all(text.as_slice(), 3).unwrap();
    let (mut plain, mut unpacked) = (Shelf::default(), Shelf::default());
    let expected = bring_text(&mut plain, text).unwrap();
    assert_eq!(bring_text(&mut unpacked, packed).unwrap(), expected);
    assert!(plain.rows == unpacked.rows);
}

/// Equal rows are as many lines; a receipt that goes on later in the file is one receipt.
#[test]
fn equal_rows_count_each_and_a_receipt_may_go_on_later() {
    let row = "1,A,X,1,2011-01-01T10:00:00,2.00,7,EIRE\n";
    let other = "2,A,X,1,2011-01-01T10:00:00,2.00,7,EIRE\n";
    let mut shelf = Shelf::default();
    let report = bring_text(&mut shelf, format!("{HEADER}{row}{row}{other}{row}")).unwrap();
    assert_eq!(report.taken.of(Kind::Sale), 4);
    let file_that_overlaps = format!("{HEADER}{other}{other}{row}{row}{row}{row}");
    let report = bring_text(&mut shelf, file_that_overlaps).unwrap();
    assert_eq!((report.already_known, report.taken.of(Kind::Sale)), (4, 2));
}

/// A return takes the oldest sale line first, none that was sold later, none in other letters, none
/// of another customer; what it can't find stays unmatched.
#[test]
fn a_return_takes_back_what_its_customer_bought_before_it() {
    let mut shelf = Shelf::default();
    let report = bring_text(
        &mut shelf,
        format!(
            "{HEADER}\
             1,a1,X,2,2011-01-01T10:00:00,2.00,7,EIRE\n\
             2,A1,X,9,2011-01-01T11:00:00,2.00,7,EIRE\n\
             3,a1,X,2,2011-01-02T10:00:00,3.00,7,EIRE\n\
             C4,a1,X,-3,2011-01-02T10:00:00,9.00,7,EIRE\n\
             C5,a1,X,-3,2011-01-03T10:00:00,2.00,7,EIRE\n\
             C6,a1,X,-1,2011-01-03T10:00:00,2.00,7,EIRE\n\
             C7,A1,X,-1,2011-01-03T10:00:00,2.00,8,EIRE\n\
             C8,A1,X,-1,2011-01-03T10:00:00,2.00,,EIRE\n\
             C9,A1,X,-1,2011-01-01T10:59:00,2.00,7,EIRE\n"
        ),
    )
    .unwrap();
    let lines = report.return_lines;
    assert_eq!((lines.matched, lines.partly, lines.unmatched), (1, 1, 4));
    let says = |number: &str| {
        shelf
            .rows
            .iter()
            .find(|((r, _), _)| r.number.as_str() == number)
            .unwrap()
            .1
            .matches("SaleLink")
            .count()
    };
    assert_eq!((says("C4"), says("C5"), says("C6")), (2, 1, 0));
}

/// A price below half a penny is a price: such a row is a sale, not goods found.
#[test]
fn a_tenth_of_a_penny_is_not_nothing() {
    let mut shelf = Shelf::default();
    let text = format!(
        "{HEADER}1,A1,X,1,2011-01-01T10:00:00,0.001,,EIRE\n2,A1,found,1,2011-01-01T10:00:00,0.00,,EIRE\n"
    );
    let report = bring_text(&mut shelf, text).unwrap();
    assert_eq!((report.taken.of(Kind::Sale), report.taken.of(Kind::Found)), (1, 1));
}

/// Write-offs carry the reason that their remark gives; an article's name gives none.
#[test]
fn reasons_are_read_from_remarks() {
    let reason = |remark: &str| {
        let mut shelf = Shelf::default();
        bring_text(&mut shelf, format!("{HEADER}1,A1,{remark},-1,2011-01-01T10:00:00,0.00,,EIRE\n")).unwrap();
        let says = shelf.rows.into_values().next().unwrap();
        let (_, after) = says.split_once("reason: ReasonCode(\"").unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    for (remark, code) in [
        ("damages/display", "damaged"),
        ("thrown away-rusty", "damaged"),
        ("???missing", "lost"),
        ("mia", "lost"),
        ("samples", "sample"),
        ("found some more on shelf", "found"),
        ("sold as set on dotcom", "entry_error"),
        ("code mix up? 84930", "entry_error"),
        ("stock check", "count"),
        ("?", "unknown"),
        ("", "unknown"),
        ("GINGHAM CHECK LOST DISPLAY", "unknown"),
    ] {
        assert_eq!(reason(remark), code, "{remark}");
    }
}

/// Switched off half-way and repeated, the import ends as if nothing had been.
#[test]
fn an_import_that_was_cut_off_is_repeated() {
    let limits = Limits { batch_rows: 15_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let mut text = String::from(HEADER);
    for receipt in 0..30_000u32 {
        let (customer, code, minute) = (receipt % 50, receipt % 7, receipt % 60);
        let (hour, day) = (receipt / 60 % 24, 1 + receipt / 1440);
        let time = format!("2011-03-{day:02}T{hour:02}:{minute:02}:00");
        text += &match receipt % 5 {
            4 => format!("C{receipt},S{code},X,-2,{time},2.50,{customer},EIRE\n"),
            _ => format!("{receipt},S{code},X,3,{time},2.50,{customer},EIRE\n").repeat(2),
        };
    }
    let mut whole = Shelf::default();
    bring_with(&mut whole, text.as_str(), &options).unwrap();
    assert!(whole.batches > 2, "the file must be longer than a batch or there is nothing to cut");
    for cut in 0..whole.batches {
        let mut shelf = Shelf::default();
        shelf.breaks_after = Some(cut);
        let stopped = bring_with(&mut shelf, text.as_str(), &options).unwrap_err();
        assert!(stopped.to_string().contains("the power is gone"), "{stopped}");
        shelf.breaks_after = None;
        bring_with(&mut shelf, text.as_str(), &options).unwrap();
        assert!(shelf.rows == whole.rows, "cut after {cut} batches");
        assert_eq!(shelf.net, whole.net);
    }
}

/// A till's export with line numbers, tills, amounts and tenders, of one site named at the import.
#[test]
fn a_tills_own_export_is_known_by_its_line_numbers() {
    let profile = Profile::parse(
        "till",
        r#"
        name = "till"
        currency = "CNY"
        zone = "Asia/Shanghai"
        time_format = "%Y-%m-%d %H:%M"
        delimiter = ";"
        [columns]
        receipt = "单号"
        till = "收银台"
        line = "行"
        sku = "条码"
        quantity = "数量"
        amount = "金额"
        time = "时间"
        tender = "支付"
        [tenders]
        "微信" = "wechat"
        [[rule]]
        when.quantity = "negative"
        kind = "return"
        [[rule]]
        kind = "sale"
        "#,
    )
    .unwrap();
    let file = "单号;收银台;行;条码;数量;金额;时间;支付\n\
                77;1;1;690001;0.486;6.22;2026-11-01 09:30;微信\n\
                77;1;2;690002;1;3.00;2026-11-01 09:30;微信\n\
                77;2;1;690002;1;3.00;2026-11-01 09:31;cash\n\
                77;2;1;690002;1;3.00;2026-11-01 09:31;cash\n\
                78;1;1;690002;-1;-3.00;2026-11-01 10:00;微信\n\
                79;1;1;690002;1;-3.00;2026-11-01 10:00;微信\n";
    let source = || Source::from_reader("till.csv", Cursor::new(file.as_bytes()));
    let mut shelf = Shelf::default();
    let unnamed = import(&mut shelf, source(), &profile, &Options::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(unnamed, ImportError::SiteNotNamed { .. }), "{unnamed}");
    let options = Options { site: Some("S01".parse().unwrap()), ..Options::default() };
    let report = import(&mut shelf, source(), &profile, &options, &mut |_| {}).unwrap();
    let left_out: Vec<_> = report.left_out.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(left_out, [(5, "repeated_line"), (7, "bad_amount")]);
    assert_eq!(shelf.net.0, 622 + 300 + 300 - 300);
    let again = import(&mut shelf, source(), &profile, &options, &mut |_| {}).unwrap();
    assert_eq!((again.already_known, again.taken.total()), (4, 0));
}
