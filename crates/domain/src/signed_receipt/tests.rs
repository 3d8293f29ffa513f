//! The text of a signed receipt: what it says comes back, and nothing else is taken for one.

use proptest::prelude::*;

use super::*;

const ORGANISATION: OrganisationId = OrganisationId([9; 16]);

/// Three lines of a real receipt, paid by two means.
fn facts() -> ReceiptFacts {
    let line = |n: u32, sku: &str, units: i64, paid: i64| ReceiptFactsLine {
        line: ReceiptLineId::of_number(n),
        sku: sku.parse().unwrap(),
        quantity: Quantity::units(units),
        paid: Amount(paid),
        service: false,
        list_price: None,
        lot: None,
        group: None,
    };
    ReceiptFacts {
        organisation: [9; 4],
        signer: DeviceId([7; 16]),
        receipt: ReceiptId::parse("S01/T2/20261123000871", None).unwrap(),
        occurred: Occurred::parse("2026-11-23T14:02:11+08:00", "Asia/Shanghai".parse().unwrap()).unwrap(),
        currency: Currency::CNY,
        policy: "standard/1".into(),
        lines: vec![
            line(1, "6901234567892", 2, 25_980),
            line(2, "85123A", 1, 2_550),
            line(3, "6925303721039", 12, 5_400),
        ],
        tenders: vec![
            ("wechat".parse().unwrap(), Amount(30_000)),
            ("points".parse().unwrap(), Amount(3_930)),
        ],
        printing: Printing::first(3, 2),
    }
}

fn signed() -> SignedReceipt {
    SignedReceipt::sign(ORGANISATION, facts(), |message| [message.len() as u8; 64]).unwrap()
}

fn detail(text: &str) -> String {
    match SignedReceipt::parse(text) {
        Err(ReceiptCodeError::Damaged { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

/// Three lines with long numbers fit into 400 letters, and what is left of them after a return elsewhere into
/// 560: a QR code of some 4 cm.
#[test]
fn three_lines_fit_into_a_small_code() {
    let text = signed().to_string();
    println!("three lines: {} letters", text.len());
    assert!(text.len() <= 400, "{}", text.len());
    let mut left = Printing { number: 2, ..Printing::first(3, 2) };
    left.returned[0] = (Quantity::units(1), Amount(12_990));
    left.refunded = vec![Amount(11_485), Amount(1_505)];
    let again = signed().countersign(ORGANISATION, DeviceId([8; 16]), left, |_| [3; 64]).unwrap().to_string();
    println!("with what is left after a return elsewhere: {} letters", again.len());
    assert!(again.len() <= 560, "{}", again.len());
}

#[test]
fn what_was_signed_comes_back() {
    let mut facts = facts();
    facts.lines[1].service = true;
    facts.lines[2].group = Some(4);
    facts.lines[2].list_price = Some(UnitPrice(30_000));
    facts.lines[0].lot = Some("L-7".parse().unwrap());
    facts.printing.number = 3;
    facts.printing.returned[2] = (Quantity(1_500), Amount(675));
    facts.printing.refunded[1] = Amount(675);
    let code = SignedReceipt::sign(ORGANISATION, facts.clone(), |_| [5; 64]).unwrap();
    let text = code.to_string();
    let read = SignedReceipt::parse(&text).unwrap();
    assert_eq!((read.facts(), read.signature()), (&facts, [5; 64]));
    assert_eq!(SignedReceipt::parse(&text.to_lowercase()).unwrap(), code, "typed in small letters");
    let broken: Vec<String> = text.as_bytes().chunks(32).map(|c| String::from_utf8_lossy(c).into()).collect();
    assert_eq!(SignedReceipt::parse(&broken.join("\n ")).unwrap(), code, "broken into lines");
    assert_eq!(SignedReceipt::from_bytes(&code.proof()).unwrap(), code);

    let left = Printing { number: 4, ..Printing::first(3, 2) };
    let again = code.countersign(ORGANISATION, DeviceId([8; 16]), left.clone(), |_| [6; 64]).unwrap();
    let read = SignedReceipt::parse(&again.to_string()).unwrap();
    assert_eq!((read.printing(), read.facts()), (&left, &facts));
    assert_eq!(read.proof(), code.proof(), "the seller's word is what it was");
    assert_ne!(read.reprint_message(ORGANISATION, read.reprint().unwrap()), read.message(ORGANISATION));
}

#[test]
fn what_is_no_signed_receipt_is_told_so_by_name() {
    let found = |text: &str| SignedReceipt::parse(text).unwrap_err();
    assert_eq!(found("6901234567892"), ReceiptCodeError::NotOurs { found: "6901234567892"[..12].into() });
    assert_eq!(found("签名"), ReceiptCodeError::NotOurs { found: "签名".into() });
    assert_eq!(found("GC2:ABC"), ReceiptCodeError::Newer { found: 2, reads: 1 });
    assert_eq!(found("GC0:ABC"), ReceiptCodeError::NotOurs { found: "GC0:ABC".into() });
    let long = format!("GC1:{}", "0".repeat(MAX_LETTERS));
    assert_eq!(found(&long), ReceiptCodeError::TooLong { letters: MAX_LETTERS + 4, most: MAX_LETTERS });
    assert!(detail("GC1:").contains("end of input"), "{}", detail("GC1:"));
    assert!(detail("GC1:$").contains("'$'"));
    assert!(detail("GC1:000A").contains("missing"));

    let mut none = facts();
    none.lines.clear();
    none.printing.returned.clear();
    let unlawful = |facts| SignedReceipt::sign(ORGANISATION, facts, |_| [0; 64]).unwrap().to_string();
    assert!(detail(&unlawful(none)).contains("no lines"));
    let mut twice = facts();
    twice.lines[1].line = twice.lines[0].line.clone();
    assert!(detail(&unlawful(twice)).contains("twice"));
    let mut huge = facts();
    huge.lines[0].quantity = Quantity(i64::MAX);
    assert!(detail(&unlawful(huge)).contains("out of range"));
    let mut more = facts();
    more.printing.returned[1].0 = Quantity::units(2);
    assert!(detail(&unlawful(more)).contains("line 1"));
}

/// A receipt of hundreds of lines is too much for a QR code, and isn't signed.
#[test]
fn what_no_code_holds_is_not_signed() {
    let mut long = facts();
    long.lines = (1..300)
        .map(|n| ReceiptFactsLine { line: ReceiptLineId::of_number(n), ..long.lines[0].clone() })
        .collect();
    long.printing = Printing::first(299, 2);
    let refused = SignedReceipt::sign(ORGANISATION, long, |_| [0; 64]).unwrap_err();
    assert!(matches!(refused, ReceiptCodeError::TooLong { .. }), "{refused}");
}

proptest! {
    /// Whatever bytes somebody puts into a code, reading it ends, and ends in a name.
    #[test]
    fn anything_at_all_is_read_or_named(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = format!("{PREFIX}{}", letters::to_letters(&bytes));
        prop_assert!(SignedReceipt::parse(&text).is_err());
    }

    /// One letter that was read wrongly is never taken for what stood there.
    #[test]
    fn a_letter_read_wrongly_is_not_what_was_signed(at in 4usize..300, letter in "[0-9A-Z]") {
        let code = signed();
        let text = code.to_string();
        let at = at.min(text.len() - 1);
        let mut other = text.clone();
        other.replace_range(at..=at, &letter);
        prop_assume!(other != text);
        if let Ok(read) = SignedReceipt::parse(&other) {
            let same = read.message(ORGANISATION) == code.message(ORGANISATION) && read.signature() == code.signature();
            prop_assert!(!same);
        }
    }
}
