//! `supplier`: who goods come from and go back to, kept by HQ; in and out as CSV.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use guicang_cli::texts::master;
use guicang_cli::verbs::supplier::{ListArgs, ShowArgs};
use guicang_cli::{Failure, Language, Told};
use guicang_domain::ids::SupplierCode;
use guicang_domain::money::Currency;
use guicang_domain::supplier::Supplier;
use guicang_replica::{Listing, SupplierDraft, SupplierField};

use super::sheet::{ExportArgs, Fault, List, Places, code};
use super::{Session, sheet};
use guicang_cli::texts::hq as texts;

/// The commands on suppliers.
#[derive(Debug, Subcommand)]
pub enum SupplierVerb {
    /// Add a supplier
    #[command(
        after_help = "Examples:\n  guicang-server supplier add YW1 --name \"Yiwu One\" --claim-days 30\n  guicang-server supplier add LON --name \"London Tea\" --currency GBP"
    )]
    Add(PutArgs),
    /// Change what is said of a supplier
    #[command(
        after_help = "Examples:\n  guicang-server supplier set YW1 --contact \"Zhao 0579-85000000\"\n  guicang-server supplier set YW1 --note \"\""
    )]
    Set(PutArgs),
    /// List the suppliers
    #[command(
        after_help = "Examples:\n  guicang-server supplier list\n  guicang-server supplier list --losing --json"
    )]
    List(ListArgs),
    /// Show all that is said of a supplier
    #[command(after_help = "Examples:\n  guicang-server supplier show YW1")]
    Show(ShowArgs),
    /// Add suppliers from a CSV file, or change what is said of them: all of the file, or nothing
    #[command(after_help = "Examples:\n  guicang-server supplier import suppliers.csv --dry-run")]
    Import(ImportArgs),
    /// Write the list of suppliers as CSV, to be edited and imported again
    #[command(after_help = "Examples:\n  guicang-server supplier export suppliers.csv")]
    Export(ExportArgs),
}

/// A supplier. What isn't said stays as it is; an empty text takes it away.
#[derive(Debug, Args)]
pub struct PutArgs {
    /// The supplier's code
    pub code: SupplierCode,
    /// Its name [default: its code]
    #[arg(long)]
    pub name: Option<String>,
    /// Whom to ask there: a name, a telephone
    #[arg(long)]
    pub contact: Option<String>,
    /// Where goods that go back to it go
    #[arg(long, value_name = "ADDRESS")]
    pub return_address: Option<String>,
    /// Within so many days of a delivery a claim is to be raised
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub claim_days: Option<u32>,
    /// The currency of its claims [default: the organisation's]
    #[arg(long)]
    pub currency: Option<Currency>,
    /// A note
    #[arg(long)]
    pub note: Option<String>,
}

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV with headers in Chinese or English: code, and any of name, contact, return_address, claim_days, currency, note
    pub file: PathBuf,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
}

impl SupplierVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, a file can't be read or written, or a row is wrong: nothing is changed
    /// then.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            SupplierVerb::Add(args) => args.run(session, Listing::New),
            SupplierVerb::Set(args) => args.run(session, Listing::Known),
            SupplierVerb::List(args) => args.run(&session.open()?.replica, session.globals),
            SupplierVerb::Show(args) => args.run(&session.open()?.replica, session.globals),
            SupplierVerb::Import(args) => args.run(session),
            SupplierVerb::Export(args) => {
                let globals = session.globals;
                let rows = session.open()?.replica.suppliers().told(globals)?;
                let suppliers: Vec<Supplier> = rows.into_iter().map(|row| row.is).collect();
                sheet::write(args.file.as_deref(), &table(&suppliers, globals.language), globals)
            }
        }
    }
}

impl PutArgs {
    fn run(&self, session: &Session<'_>, listing: Listing) -> Result<(), Failure> {
        let globals = session.globals;
        let l = globals.language;
        let mut hq = session.open_or_found()?;
        let mut fields = Vec::new();
        fields.extend(self.name.clone().map(SupplierField::Name));
        fields.extend(self.contact.clone().map(|text| SupplierField::Contact(Some(text))));
        fields.extend(self.return_address.clone().map(|text| SupplierField::ReturnAddress(Some(text))));
        fields.extend(self.claim_days.map(|days| SupplierField::ClaimDays(Some(days))));
        fields.extend(self.currency.map(SupplierField::Currency));
        fields.extend(self.note.clone().map(|text| SupplierField::Note(Some(text))));
        let draft = SupplierDraft { code: self.code.clone(), fields };
        let changed = hq.replica.put_suppliers(listing, vec![draft]).told(globals)? > 0;
        globals.say(&if changed { master::supplier_put(l, &self.code) } else { texts::unchanged(l) })?;
        session.settle(&mut hq)?;
        let show = ShowArgs { code: self.code.clone() };
        show.run(&hq.replica, globals)?;
        globals.next(&master::suppliers_next(l, globals.program))
    }
}

impl ImportArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let (columns, drafts) = sheet::read(&self.file, globals, Columns::of, Columns::draft)?;
        let list = List {
            schema: "supplier-import",
            key: |draft: &SupplierDraft| draft.code.to_string(),
            told: |l, rows, changed| match changed {
                Some(changed) => master::suppliers_read(l, rows, changed),
                None => master::suppliers_dry(l, rows),
            },
            next: master::suppliers_next(globals.language, globals.program),
        };
        sheet::import(session, &list, (columns.0.unread, drafts), self.dry_run, |hq, drafts| {
            hq.replica.put_suppliers(Listing::Any, drafts).told(globals)
        })
    }
}

/// The columns in their order, each with its headers: the English one, the Chinese one, others that programs
/// use.
const COLUMNS: [&[&str]; 7] = [
    &[
        "code",
        "供应商编码",
        "供应商编号",
        "编码",
        "supplier code",
        "vendor number",
        "vendor code",
        "supplier",
    ],
    &["name", "供应商名称", "名称", "supplier name", "vendor name"],
    &["contact", "联系人", "联系方式", "电话", "phone"],
    &["return_address", "退货地址", "return address", "address", "地址"],
    &["claim_days", "索赔期限", "索赔天数", "claim days"],
    &["currency", "币种"],
    &["note", "备注", "remark"],
];

/// Where a file has them.
struct Columns(Places<7>);

impl Columns {
    fn of(headers: &[String]) -> Result<Self, Vec<&'static str>> {
        Places::of(headers, COLUMNS, "code/供应商编码").map(Self)
    }

    /// What a row says of its supplier. A column that the file lacks leaves what is known; an empty cell takes
    /// it away, but for name and currency.
    fn draft(&self, cells: &[String]) -> Result<SupplierDraft, Fault> {
        let (mut found, mut fields) = (None, Vec::new());
        for (n, column) in self.0.at.iter().enumerate() {
            let Some((place, header)) = column else { continue };
            let text = cells[*place].trim();
            if text.len() > 1_000 {
                return Err(Fault::of(header, text, "at most 1,000 bytes"));
            }
            let some = (!text.is_empty()).then(|| text.to_owned());
            match (n, some) {
                (0, _) => {
                    let written = code(header, text)?;
                    found =
                        Some(SupplierCode::new(&written).map_err(|e| Fault::of(header, &written, e.wanted))?);
                }
                (1, None) | (5, None) => {}
                (1, Some(name)) => fields.push(SupplierField::Name(name)),
                (2, contact) => fields.push(SupplierField::Contact(contact)),
                (3, address) => fields.push(SupplierField::ReturnAddress(address)),
                (4, days) => {
                    let wanted = "a whole number of days, 0 to 36500";
                    let days = days.map(|days| days.parse().ok().filter(|days| *days <= 36_500).ok_or(days));
                    let days = days.transpose().map_err(|days| Fault::of(header, &days, wanted))?;
                    fields.push(SupplierField::ClaimDays(days));
                }
                (5, Some(text)) => {
                    let wanted = "three capital letters of ISO 4217, such as CNY";
                    let currency = text.parse().map_err(|_| Fault::of(header, &text, wanted))?;
                    fields.push(SupplierField::Currency(currency));
                }
                (_, note) => fields.push(SupplierField::Note(note)),
            }
        }
        Ok(SupplierDraft { code: found.expect("there is such a column"), fields })
    }
}

/// A list of suppliers as rows of cells, its headers first, in a language.
fn table(suppliers: &[Supplier], l: Language) -> Vec<Vec<String>> {
    let row = |supplier: &Supplier| {
        vec![
            supplier.code.to_string(),
            supplier.name.clone(),
            supplier.contact.clone().unwrap_or_default(),
            supplier.return_address.clone().unwrap_or_default(),
            supplier.claim_days.map(|days| days.to_string()).unwrap_or_default(),
            supplier.currency.to_string(),
            supplier.note.clone().unwrap_or_default(),
        ]
    };
    std::iter::once(sheet::headers(COLUMNS, l)).chain(suppliers.iter().map(row)).collect()
}
