//! Imports are known by number, and can be taken back: what a file brought counts no more, and stays on
//! record.

use crate::shop::{Shop, clerk};
use guicang_domain::adjustment::{AdjustmentLine, Movement};
use guicang_domain::document::ImportMark;
use guicang_domain::ids::{ReceiptId, ReceiptLineId, ReceiptNumber};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::quantity::Quantity;
use guicang_domain::returns::{ReturnLine, SaleLink};
use guicang_domain::sale::{Receipt, SaleBatch, SaleLine};
use guicang_domain::time::{Moment, Zone};
use guicang_replica::{
    CommandError, ImportBatch, ImportRow, ImportedAdjustment, ImportedReturn, ReturnFilter, StockFilter,
};

const AT: Moment = Moment(1_780_000_000_000);

fn receipt_id(number: &str) -> ReceiptId {
    ReceiptId { site: "S01".parse().unwrap(), till: None, number: number.parse().unwrap() }
}

/// A file of three rows: two TEA sold, one of them brought back, three CUPs delivered.
fn file(mark: &ImportMark) -> ImportBatch {
    let row = ReceiptLineId::of_number(1);
    let (site, zone, currency) = ("S01".parse().unwrap(), Zone::SHANGHAI, Currency::CNY);
    let sold = SaleLine::new(row.clone(), "TEA".parse().unwrap(), Quantity::units(2), Amount(4000));
    let receipt = Receipt {
        till: None,
        number: "H1".parse().unwrap(),
        occurred: AT,
        customer: None,
        lines: vec![sold],
        tenders: Vec::new(),
        invoice: None,
        cashier: None,
    };
    let link = SaleLink {
        receipt: receipt_id("H1"),
        line: row.clone(),
        quantity: Quantity::units(1),
        sold: Quantity::units(2),
        paid: Amount(4000),
    };
    let back = ReturnLine {
        sku: "TEA".parse().unwrap(),
        written: None,
        quantity: Quantity::units(1),
        reason: "unknown".parse().unwrap(),
        note: None,
        links: vec![link],
        price: Some("20".parse().unwrap()),
        cost: None,
        service: false,
        lot: None,
        serials: Vec::new(),
        group: None,
        row: Some(row.clone()),
    };
    let came = AdjustmentLine {
        sku: "CUP".parse().unwrap(),
        quantity: Quantity::units(3),
        reason: "unknown".parse().unwrap(),
        note: None,
        lot: None,
        place: String::new(),
        cost: None,
        value: Some(Amount(1000)),
        row: Some(row),
        from: None,
        to: None,
        into: None,
    };
    ImportBatch {
        mark: Some(mark.clone()),
        sales: vec![SaleBatch { site, zone, currency, historic: true, receipts: vec![receipt] }],
        returns: vec![ImportedReturn {
            site: "S01".parse().unwrap(),
            zone,
            currency,
            receipt: receipt_id("C1"),
            customer: None,
            occurred: AT.plus_ms(1000),
            lines: vec![back],
        }],
        adjustments: vec![ImportedAdjustment {
            site: "S01".parse().unwrap(),
            zone,
            currency,
            movement: Movement::Received,
            receipt: receipt_id("D1"),
            occurred: AT,
            lines: vec![came],
        }],
    }
}

fn import(shop: &mut Shop) -> ImportMark {
    let mark = shop.replica.begin_import("/home/li/till.csv", "generic").unwrap();
    shop.replica.import_batch(&clerk(), file(&mark)).unwrap();
    mark
}

fn on_hand(shop: &Shop) -> Vec<(String, i64)> {
    let rows = shop.replica.stock(&StockFilter::default()).unwrap();
    rows.iter().filter(|r| r.on_hand.0 != 0).map(|r| (r.sku.to_string(), r.on_hand.0 / 1000)).collect()
}

fn undo(shop: &mut Shop, number: &str) -> Result<(ImportRow, u64), CommandError> {
    shop.replica.undo_import(&clerk(), number, &mut |_, _| {})
}

/// What a file brought is taken back: stock, sales, returns and money are as before; the documents are there,
/// reversed. The right file can be brought in after it, though it has the same rows.
#[test]
fn an_import_is_taken_back_and_stays_on_record() {
    let mut shop = Shop::open();
    shop.stock("TEA", Movement::Opening, 10);
    let before = shop.replica.totals().unwrap();
    let mark = import(&mut shop);
    assert_eq!(on_hand(&shop), [("CUP".into(), 3), ("TEA".into(), 9)]);
    let with = shop.replica.totals().unwrap();
    assert_eq!((with[0].net_value(), with[0].movements["received"].value), (Amount(2000), Amount(1000)));

    let (import_row, documents) = undo(&mut shop, mark.number.as_str()).unwrap();
    assert_eq!((import_row.reversed, documents, import_row.rows), (0, 3, 3));
    assert_eq!(on_hand(&shop), [("TEA".into(), 10)]);
    let after = shop.replica.totals().unwrap();
    assert_eq!((after[0].sales, after[0].returns), (before[0].sales, before[0].returns));
    assert_eq!(after[0].movements["received"], before[0].movements["received"]);
    assert_eq!(after[0].documents, before[0].documents + 3);
    let history = ReturnFilter { historic: true, ..ReturnFilter::default() };
    assert_eq!(shop.replica.returns(&history).unwrap()[0].states, ["reversed"]);
    for number in ["H1", "C1", "D1"] {
        assert!(shop.replica.known_rows(&receipt_id(number)).unwrap().is_empty(), "{number}");
    }
    shop.check();

    let again = import(&mut shop);
    assert_ne!(again.number, mark.number);
    assert_eq!(on_hand(&shop), [("CUP".into(), 3), ("TEA".into(), 9)]);
    assert_eq!(shop.replica.totals().unwrap()[0].net_value(), Amount(2000));
    shop.check();
}

/// Two imports claim the same rows: whichever is undone, the other's stand, once.
#[test]
fn what_another_import_brought_too_stands_on() {
    for undone in [0, 1] {
        let mut shop = Shop::open();
        let marks = [import(&mut shop), import(&mut shop)];
        assert_eq!(on_hand(&shop), [("CUP".into(), 3), ("TEA".into(), -1)]);
        undo(&mut shop, marks[undone].number.as_str()).unwrap();
        assert_eq!(on_hand(&shop), [("CUP".into(), 3), ("TEA".into(), -1)]);
        let lines =
            shop.replica.sale_lines_on(&"S01".parse().unwrap(), &ReceiptNumber::new("H1").unwrap(), "TEA");
        assert_eq!(lines.unwrap()[0].open, Quantity::units(1));
        shop.check();
        undo(&mut shop, marks[1 - undone].number.as_str()).unwrap();
        assert_eq!(on_hand(&shop), []);
        shop.check();
    }
}

/// The list tells what was brought in when, by whom, from which file: its name, not its folder.
#[test]
fn imports_are_listed_with_what_stands_of_them() {
    let mut shop = Shop::open();
    let first = import(&mut shop);
    shop.later(60_000);
    let second = import(&mut shop);
    undo(&mut shop, first.number.as_str()).unwrap();
    let rows = shop.replica.imports().unwrap();
    let says: Vec<_> = rows
        .iter()
        .map(|r| (r.number.as_str(), r.file.as_str(), r.user.as_str(), r.documents, r.rows, r.reversed))
        .collect();
    assert_eq!(
        says,
        [
            (second.number.as_str(), "till.csv", "li", 3, 3, 0),
            (first.number.as_str(), "till.csv", "li", 3, 3, 3),
        ]
    );
    assert!(rows[0].at > rows[1].at);
}

#[test]
fn what_cannot_be_undone_is_refused_and_changes_nothing() {
    let mut shop = Shop::open();
    let mark = import(&mut shop);
    undo(&mut shop, mark.number.as_str()).unwrap();
    let digest = shop.replica.digest().unwrap();
    let twice = undo(&mut shop, mark.number.as_str());
    assert!(matches!(twice, Err(CommandError::Closed { .. })), "{twice:?}");
    let unknown = undo(&mut shop, "DR-S01A-000099");
    assert!(matches!(unknown, Err(CommandError::UnknownImport { .. })), "{unknown:?}");
    assert_eq!(shop.replica.digest().unwrap(), digest);
}
