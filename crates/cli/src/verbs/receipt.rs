//! `receipt`: signed receipts, as a text for a QR code (签名小票).

use std::io::Read;

use clap::{Args, Subcommand};
use guicang_domain::ids::ReceiptId;
use guicang_domain::signed_receipt::{MAX_LETTERS, PREFIX, ReceiptCodeError};
use guicang_replica::{ReceiptCode, Replica};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;

use crate::exit::{Exit, Explain, Failure, Told};
use crate::format::{Column, Table, minute};
use crate::language::Language;
use crate::output::Globals;
use crate::texts::{headings, names, next, signed};
use crate::verbs::here;

/// The commands on signed receipts.
#[derive(Debug, Clone, Subcommand)]
pub enum ReceiptVerb {
    /// Sign for a sale that is held here, or print a signed receipt again with what is left
    #[command(
        after_help = "Examples:\n  guicang receipt sign S01/T2/000871\n  guicang receipt sign 536365 --qr\n  guicang receipt sign - < code.txt"
    )]
    Sign(SignArgs),
    /// Check a signed receipt and explain it
    #[command(
        after_help = "Examples:\n  guicang receipt show GC1:...\n  guicang receipt show - --json < code.txt"
    )]
    Show(ShowArgs),
}

/// What is to be signed.
#[derive(Debug, Clone, Args)]
pub struct SignArgs {
    /// The receipt: [SITE/[TILL/]]NUMBER; or a signed receipt, or - for one on standard input
    pub receipt: String,
    /// Draw it as a QR code as well
    #[arg(long)]
    pub qr: bool,
}

/// A signed receipt.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The signed receipt, as it was scanned; - for standard input
    pub code: String,
}

/// What was signed, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct CodeItem {
    receipt: String,
    printing: u32,
    letters: usize,
    code: String,
}

/// What a signed receipt says, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SignedItem {
    receipt: String,
    occurred: String,
    printing: u32,
    signed_by: String,
    countersigned_by: Option<String>,
    held: bool,
    policy: String,
    lines: Vec<SignedLine>,
    tenders: Vec<SignedTender>,
    currency: String,
}

#[derive(Debug, Serialize)]
struct SignedLine {
    line: String,
    sku: String,
    service: bool,
    sold: String,
    paid: String,
    printed: String,
    returned: String,
    left: String,
    refunded: String,
}

#[derive(Debug, Serialize)]
struct SignedTender {
    tender: String,
    paid: String,
    refunded: String,
}

impl ReceiptVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, or the file can't be read.
    pub fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        match self {
            ReceiptVerb::Sign(args) => args.run(replica, globals),
            ReceiptVerb::Show(args) => args.run(replica, globals),
        }
    }
}

impl SignArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let text = code_text(&self.receipt, globals)?;
        let is_code = text.trim().get(..PREFIX.len()).is_some_and(|p| p.eq_ignore_ascii_case(PREFIX));
        let code = if is_code {
            replica.renew_receipt(&text).told(globals)?
        } else {
            let receipt = ReceiptId::parse(text.trim(), here(replica).as_ref()).told(globals)?;
            replica.sign_receipt(&receipt).told(globals)?
        };
        let text = code.to_string();
        let item = CodeItem {
            receipt: code.facts().receipt.to_string(),
            printing: code.printing().number,
            letters: text.len(),
            code: text,
        };
        globals.show("receipt_code", &[item], |items| match (self.qr, items) {
            (true, [one]) => format!("{}\n{}", drawn(&one.code), one.code),
            _ => items.iter().map(|i| i.code.as_str()).collect::<Vec<_>>().join("\n"),
        })
    }
}

impl ShowArgs {
    fn run(&self, replica: &mut Replica, globals: &Globals) -> Result<(), Failure> {
        let l = globals.language;
        let read = replica.read_receipt(&code_text(&self.code, globals)?).told(globals)?;
        globals.show("signed_receipt", &[SignedItem::of(&read)], |items| {
            items.iter().map(|item| details(l, item)).collect::<Vec<_>>().join("\n\n")
        })?;
        globals.say(&signed::genuine(l))?;
        globals.say(&if read.held { signed::held_here(l) } else { signed::may_be_copied(l) })?;
        globals.next(&signed::take_back(l, globals.program))
    }
}

impl SignedItem {
    fn of(read: &ReceiptCode) -> Self {
        let (facts, printed) = (read.code.facts(), read.code.printing());
        let money = |amount| facts.currency.format(amount);
        let lines = facts.lines.iter().zip(printed.returned.iter().zip(&read.known.returned));
        let tenders = facts.tenders.iter().zip(&read.known.refunded);
        Self {
            receipt: facts.receipt.to_string(),
            occurred: facts.occurred.to_rfc3339(),
            printing: printed.number,
            signed_by: read.signer.to_string(),
            countersigned_by: read.code.reprint().map(|reprint| match &read.countersigner {
                Some(code) => code.to_string(),
                None => reprint.signer.to_string(),
            }),
            held: read.held,
            policy: facts.policy.clone(),
            lines: lines
                .map(|(line, (printed, known))| SignedLine {
                    line: line.line.to_string(),
                    sku: line.sku.to_string(),
                    service: line.service,
                    sold: line.quantity.to_string(),
                    paid: money(line.paid),
                    printed: printed.0.to_string(),
                    returned: known.0.to_string(),
                    left: (line.quantity - known.0).to_string(),
                    refunded: money(known.1),
                })
                .collect(),
            tenders: tenders
                .map(|((tender, paid), refunded)| SignedTender {
                    tender: tender.to_string(),
                    paid: money(*paid),
                    refunded: money(*refunded),
                })
                .collect(),
            currency: facts.currency.to_string(),
        }
    }
}

fn details(l: Language, item: &SignedItem) -> String {
    let mut table = Table::new([
        Column::Left(headings::line(l)),
        Column::Left(headings::sku(l)),
        Column::Right(headings::sold(l)),
        Column::Right(headings::paid(l)),
        Column::Right(signed::printed(l)),
        Column::Right(signed::known(l)),
        Column::Right(headings::left(l)),
    ]);
    for line in &item.lines {
        table.row([
            line.line.clone(),
            line.sku.clone(),
            line.sold.clone(),
            line.paid.clone(),
            line.printed.clone(),
            line.returned.clone(),
            line.left.clone(),
        ]);
    }
    let again = item.countersigned_by.as_ref().map(|by| signed::countersigned(l, by)).unwrap_or_default();
    let mut text = format!(
        "{}  {}  {}{again}\n{table}",
        item.receipt,
        minute(&item.occurred),
        signed::signed(l, item.printing, &item.signed_by),
    );
    for t in &item.tenders {
        text.push('\n');
        text.push_str(&signed::tender(l, &names::tender(l, &t.tender), &t.paid, &t.refunded));
    }
    text.push('\n');
    text.push_str(&signed::sold_under(l, &item.policy));
    text
}

/// A code as it is typed, or read from standard input for `-`.
pub(crate) fn code_text(typed: &str, globals: &Globals) -> Result<String, Failure> {
    if typed != "-" {
        return Ok(typed.to_owned());
    }
    let mut text = String::new();
    // Room for the line breaks of a paper; whatever is more is no signed receipt.
    let most = 4 * MAX_LETTERS as u64;
    match std::io::stdin().take(most).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(e) => Err(Failure::new(
            Exit::Refused,
            signed::stdin_unreadable(globals.language, &e),
            signed::scan_again(globals.language),
        )),
    }
}

/// A code as squares for a terminal: two rows of them in a line, dark on light whatever the terminal's colours.
fn drawn(code: &str) -> String {
    // Of what fits, medium redundancy stands a crumpled paper; the longest fit with the least.
    let made = [EcLevel::M, EcLevel::L]
        .into_iter()
        .find_map(|level| QrCode::with_error_correction_level(code.as_bytes(), level).ok());
    made.map(|qr| qr.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
        .unwrap_or_default()
}

impl Explain for ReceiptCodeError {
    fn explain(&self, language: Language, program: &str) -> Failure {
        let l = language;
        let (message, next) = match self {
            ReceiptCodeError::NotOurs { found } => (signed::not_ours(l, found), signed::scan_again(l)),
            ReceiptCodeError::Newer { found, reads } => (signed::newer(l, *found, *reads), next::upgrade(l)),
            ReceiptCodeError::TooLong { letters, most } => {
                (signed::too_long(l, *letters, *most), signed::provisional(l, program))
            }
            ReceiptCodeError::Damaged { detail } => {
                (signed::damaged(l, &names::receipt_damage(l, detail)), signed::scan_again(l))
            }
            ReceiptCodeError::OtherOrganisation { found } => {
                (signed::other_organisation(l, found), signed::keep_out(l))
            }
            ReceiptCodeError::UnknownDevice { device, site } => {
                (signed::unknown_device(l, device, site), signed::sync_or_provisional(l, program))
            }
            ReceiptCodeError::NotEntitled { device, site } => {
                (signed::not_entitled(l, device, site), signed::provisional(l, program))
            }
            ReceiptCodeError::Withdrawn { device, since } => {
                (signed::withdrawn(l, device, &since.to_rfc3339()), signed::provisional(l, program))
            }
            ReceiptCodeError::Signature { device } => {
                (signed::signature(l, device), signed::provisional(l, program))
            }
        };
        Failure::new(Exit::Refused, message, next)
    }
}

/// The sale isn't here: it can be signed for where it is.
pub(super) fn not_held(language: Language, receipt: &ReceiptId) -> (String, String) {
    (signed::not_held(language, receipt), signed::sign_there(language, &receipt.site))
}
