//! `import`: half a million real rows into documents and projections, at HQ.
//!
//! The limit parses the same file and inserts each row, in as large transactions. Where the real file
//! isn't there, one of the same columns is made up.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use guicang_cli::import::profile::Profile;
use guicang_cli::import::target::Into;
use guicang_cli::import::{Options, ROWS_A_BATCH, Source, import};
use guicang_replica::By;
use rusqlite::{Connection, params_from_iter};

use crate::chain::Chain;
use crate::figure::Figure;
use crate::random::Random;
use crate::supply::Supply;
use crate::timing::timed;

const ROWS: usize = 541_909;

/// Measures it.
///
/// # Errors
/// When the file can't be imported whole.
pub fn run(supply: &Supply) -> Result<Vec<Figure>> {
    let mut chain = Chain::found(supply.seed)?;
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/online_retail.csv.zst");
    let (path, name): (PathBuf, _) = match real.is_file() && !supply.quick {
        true => (real, "import of online_retail"),
        false => {
            eprintln!("a made-up file: {}", if supply.quick { "quick" } else { "the real one isn't there" });
            let path = chain.path("rows.csv");
            write_rows(&path, supply.sized(ROWS), supply.seed)?;
            (path, "import of made-up rows")
        }
    };
    let profile = Profile::load("uci-online-retail")?;
    let by = By::user("import".parse()?);
    let mut target = Into::new(&mut chain.hq, by, &path, &profile.name);
    let source = Source::open(&path)?;
    let (took, report) = timed(|| import(&mut target, source, &profile, &Options::default(), &mut |_| {}));
    let report = report?;
    ensure!(
        report.accounted() == report.rows,
        "{} of {} rows accounted for",
        report.accounted(),
        report.rows
    );
    let (limit, rows) = timed(|| parse_and_insert(&path, &chain.path("limit.sqlite")));
    ensure!(rows? == report.rows, "the limit read another number of rows");
    Ok(vec![
        Figure::cost(name, took.wall, "s", limit.wall).within(8.0).at_most(15.0),
        Figure::cores(name, took, limit),
    ])
}

fn parse_and_insert(path: &Path, into: &Path) -> Result<u64> {
    let file = File::open(path)?;
    let packed = path.extension().is_some_and(|e| e == "zst");
    let reader: Box<dyn std::io::Read> =
        if packed { Box::new(zstd::Decoder::new(file)?) } else { Box::new(file) };
    let mut rows = csv::Reader::from_reader(reader);
    let db = Connection::open(into)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch("CREATE TABLE row (a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, g TEXT, h TEXT)")?;
    let mut insert = db.prepare("INSERT INTO row VALUES (?,?,?,?,?,?,?,?)")?;
    let mut count = 0;
    let mut record = csv::StringRecord::new();
    db.execute_batch("BEGIN IMMEDIATE")?;
    while rows.read_record(&mut record)? {
        insert.execute(params_from_iter(&record))?;
        count += 1;
        if count % ROWS_A_BATCH as u64 == 0 {
            db.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
        }
    }
    db.execute_batch("COMMIT")?;
    Ok(count)
}

/// Rows as the profile wants them: invoices of some 20 lines, a fiftieth of them returns.
fn write_rows(path: &Path, rows: usize, seed: u64) -> Result<()> {
    let mut random = Random::of(seed);
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country")?;
    let mut left = 0;
    let (mut invoice, mut customer, mut back) = (536_364, 0, false);
    for _ in 0..rows {
        if left == 0 {
            left = 1 + random.below(40);
            invoice += 1;
            customer = 12_000 + random.below(6_000);
            back = random.below(50) == 0;
        }
        left -= 1;
        let sku = 10_000 + random.below(4_000);
        let quantity = 1 + random.below(24) as i64;
        let day = 1 + (invoice - 536_365) / 100 % 28;
        writeln!(
            out,
            "{}{invoice},{sku},ARTICLE NO {sku},{},2011-0{}-{day:02}T{:02}:{:02}:00,{}.{:02},{customer},{}",
            if back { "C" } else { "" },
            if back { -quantity } else { quantity },
            1 + (invoice - 536_365) / 2_800 % 9,
            8 + random.below(10),
            random.below(60),
            random.below(12),
            1 + random.below(99),
            random.of_list(&["United Kingdom", "France", "Germany", "EIRE"]),
        )?;
    }
    out.flush()?;
    Ok(())
}
