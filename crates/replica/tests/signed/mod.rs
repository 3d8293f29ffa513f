//! Signed receipts at the branch that sold: the letters themselves, and what it takes back by them.

use std::path::PathBuf;

use guicang_domain::ids::ReceiptLineId;
use guicang_domain::money::{Amount, UnitPrice};
use guicang_domain::quantity::Quantity;
use guicang_domain::sale::SaleLine;
use guicang_domain::signed_receipt::{REPRINT_TAG, SignedReceipt};
use guicang_replica::{CommandError, ReceiptCode};
use guicang_sync::keys::DeviceKey;

use crate::shop::{Shop, clerk, item};

/// 200.00 for a kettle, with a cup for free; and three TEA for 100.00.
fn sold() -> Shop {
    let mut shop = Shop::open();
    let line = |n: u32, sku: &str, units: i64, paid: i64| {
        let line = ReceiptLineId::of_number(n);
        SaleLine::new(line, sku.parse().unwrap(), Quantity::units(units), Amount(paid))
    };
    let mut kettle = line(1, "KETTLE", 1, 20_000);
    let mut cup = line(2, "CUP", 1, 0);
    (kettle.group, cup.group) = (Some(1), Some(1));
    (kettle.list_price, cup.list_price) = (Some(UnitPrice(2_000_000)), Some(UnitPrice(300_000)));
    kettle.cost = Some(UnitPrice(1_111_111));
    shop.ring_up(
        "1001",
        vec![kettle, cup, line(3, "TEA", 3, 10_000)],
        &[("wechat", 24_000), ("points", 6_000)],
    );
    shop
}

fn sign(shop: &mut Shop) -> SignedReceipt {
    let receipt = guicang_domain::ids::ReceiptId::parse("S01/1001", None).unwrap();
    shop.replica.sign_receipt(&receipt).unwrap()
}

fn pinned(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found.is_empty() && std::env::var_os("GUICANG_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{text}\n")).unwrap();
        return;
    }
    assert_eq!(found.trim_end(), text, "{name}: papers that customers hold would be read otherwise");
}

/// The letters are on papers for years: a difference here is a change of format. What an article cost the shop
/// is nowhere in them; a list price only where a gift that stays is charged at it.
#[test]
fn the_letters_are_pinned() {
    let mut shop = sold();
    let code = sign(&mut shop);
    pinned("signed_receipt.txt", &code.to_string());
    let prices: Vec<_> = code.facts().lines.iter().map(|l| l.list_price).collect();
    assert_eq!(prices, [None, Some(UnitPrice(300_000)), None]);

    let key = DeviceKey::from_seed([3; 32]);
    let mut left = code.printing().clone();
    left.number = 2;
    left.returned[2] = (Quantity::units(1), Amount(3333));
    left.refunded[0] = Amount(3333);
    let organisation = shop.replica.identity().organisation;
    let again = code.countersign(organisation, key.device(), left, |m| key.sign(REPRINT_TAG, m).0).unwrap();
    pinned("signed_receipt_again.txt", &again.to_string());
}

/// At home the sale itself counts: no offline limit, and nothing to prove. What comes back is on the next paper,
/// signed afresh; the same paper again takes nothing that has gone.
#[test]
fn at_home_the_sale_counts_and_the_paper_is_signed_afresh() {
    let mut shop = sold();
    let paper = sign(&mut shop).to_string();
    let mut request = shop.request("1001", vec![item("TEA", 2)], "defective");
    request.receipt_code = Some(paper.clone());
    let done = shop.replica.counter_return(&clerk(), request.clone()).unwrap();
    let row = shop.replica.find_return(done.number.as_str()).unwrap().unwrap();
    assert!(!row.proven && done.verified);
    assert_eq!(done.entitled, Amount(6666));

    let ReceiptCode { code, known, held, .. } =
        shop.replica.read_receipt(&done.receipt_code.unwrap()).unwrap();
    assert!(held && code.reprint().is_none());
    assert_eq!((code.printing().number, code.printing()), (2, &known));
    assert_eq!(known.returned[2], (Quantity::units(2), Amount(6666)));
    assert_eq!(known.refunded, [Amount(6666), Amount(0)], "all of it by WeChat, as was asked");
    assert_eq!(sign(&mut shop), code, "signing says the same");
    assert_eq!(shop.replica.renew_receipt(&paper).unwrap(), code, "and so does renewing the first paper");

    let again = shop.replica.counter_return(&clerk(), request).unwrap_err();
    assert!(
        matches!(again, CommandError::MoreThanLeft { left, .. } if left == Quantity::units(1)),
        "{again}"
    );
    shop.check();
}

/// Goods that are only announced aren't on the next paper: nothing has come back yet.
#[test]
fn a_return_that_is_only_opened_leaves_the_paper_as_it_is() {
    let mut shop = sold();
    let paper = sign(&mut shop).to_string();
    let mut request = shop.request("1001", vec![item("TEA", 1)], "changed_mind");
    request.receipt_code = Some(paper.clone());
    request.goods_here = false;
    request.grades.clear();
    let done = shop.replica.open_return(&clerk(), request, false).unwrap();
    assert_eq!(done.receipt_code, None);
    assert_eq!(sign(&mut shop).to_string(), paper);
    shop.check();
}
