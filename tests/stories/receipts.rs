//! Signed receipts: a sale that a branch has never heard of is proven by the customer's paper, and a paper that was
//! copied costs no more than the policy's offline limits.

use std::io::Write;
use std::process::Stdio;

use guicang_domain::exception::ExceptionKind;
use guicang_domain::money::Amount;
use guicang_domain::policy::Ground;
use guicang_domain::quantity::Quantity;
use guicang_domain::sale::PaidBy;
use guicang_domain::signed_receipt::{ReceiptCodeError, SignedReceipt};
use guicang_replica::{By, CommandError, CounterReturn, ExceptionFilter, ReturnRow};
use guicang_sync::keys::DeviceKey;

use crate::chain::{Chain, Desk, START, clerk, item, receipt, request, site};
use crate::programs::{Headquarters, words};

/// A sale of three TEA for 100.00, by WeChat and points, and one CUP for 30.00, as its till wrote it.
fn sell(desk: &mut Desk, number: &str) {
    let mut sold = receipt(number, START, &[("TEA", 3, 10_000), ("CUP", 1, 3_000)]);
    let paid = |tender: &str, amount| PaidBy {
        tender: tender.parse().unwrap(),
        amount: Amount(amount),
        reference: Some(format!("{tender}-{number}")),
    };
    sold.tenders = vec![paid("wechat", 9_750), paid("points", 3_250)];
    desk.import(vec![sold], Vec::new(), false);
}

fn sign(desk: &mut Desk, name: &str) -> String {
    desk.replica.sign_receipt(&name.parse_receipt()).unwrap().to_string()
}

trait Named {
    fn parse_receipt(&self) -> guicang_domain::ids::ReceiptId;
}

impl Named for str {
    fn parse_receipt(&self) -> guicang_domain::ids::ReceiptId {
        guicang_domain::ids::ReceiptId::parse(self, None).unwrap()
    }
}

/// So many of an article come back with the customer's paper, as it was paid; or in cash.
fn with_code(code: &str, sku: &str, units: i64, tender: Option<&str>) -> CounterReturn {
    let mut asked = request("S01/1", sku, units, tender.unwrap_or("wechat"));
    asked.items = vec![item(sku, units, None)];
    asked.receipt = None;
    asked.receipt_code = Some(code.to_owned());
    if tender.is_none() {
        asked.refund = None;
        asked.paid = false;
    }
    asked
}

fn row(desk: &Desk, number: &str) -> ReturnRow {
    desk.replica.find_return(number).unwrap().unwrap()
}

fn refused(desk: &mut Desk, asked: CounterReturn) -> CommandError {
    let before = desk.digest();
    let error = desk.replica.counter_return(&clerk(), asked).unwrap_err();
    assert_eq!(desk.digest(), before, "a refused command changes nothing");
    error
}

fn exceptions(chain: &Chain) -> Vec<(ExceptionKind, Amount)> {
    let filter = ExceptionFilter { historic: Some(false), open_only: true, kind: None };
    chain.hq.replica.exceptions(&filter).unwrap().into_iter().map(|e| (e.kind, e.loss)).collect()
}

/// What the customer bought at one branch comes back at another that is offline and has never heard of it: at the
/// price that was paid, by the tenders that paid, and no more than was sold. The paper that is printed anew
/// says what is left; HQ, which holds the sale, tells the cost later, and then nothing is provisional any more.
#[test]
fn a_signed_receipt_proves_its_sale_at_any_branch() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    chain.sync(&mut other);
    sell(&mut seller, "1");
    let paper = sign(&mut seller, "S01/1");
    assert_eq!(sign(&mut seller, "S01/1"), paper, "the same facts make the same letters");

    let done = other.replica.counter_return(&clerk(), with_code(&paper, "TEA", 1, None)).unwrap();
    assert!(done.verified);
    assert_eq!((done.entitled, done.queued), (Amount(3333), Amount(3333)));
    let first = row(&other, done.number.as_str());
    assert!(first.proven);
    let by: Vec<_> = first.refunds.iter().map(|r| (r.tender.to_string(), r.requested)).collect();
    assert_eq!(by.len(), 2, "as it was paid: {by:?}");
    assert_eq!(by.iter().map(|b| b.1).sum::<Amount>(), Amount(3333));

    let left = done.receipt_code.unwrap();
    let printed = SignedReceipt::parse(&left).unwrap();
    assert_eq!(printed.printing().number, 2);
    assert_eq!(printed.printing().returned[0], (Quantity::units(1), Amount(3333)));
    assert_eq!(printed.printing().refunded.iter().copied().sum::<Amount>(), Amount(3333));
    assert_eq!(printed.proof(), SignedReceipt::parse(&paper).unwrap().proof(), "the seller's word stands");

    // The rest, with the new paper; and neither paper takes back more than was sold.
    let rest = other.replica.counter_return(&clerk(), with_code(&left, "TEA", 2, None)).unwrap();
    assert_eq!(rest.entitled, Amount(6667), "the return that closes the line takes the rest");
    for code in [&paper, &left, &rest.receipt_code.unwrap()] {
        let error = refused(&mut other, with_code(code, "TEA", 1, None));
        assert!(matches!(error, CommandError::MoreThanLeft { left: Quantity(0), .. }), "{error}");
    }

    chain.sync(&mut seller);
    chain.sync(&mut other);
    assert_eq!(chain.hq.replica.exposure().unwrap().proven_returns, 0);
    chain.settle();
    for desk in [&mut other, &mut seller] {
        chain.sync(desk);
    }
    assert_eq!(exceptions(&chain), []);
    for desk in [&mut chain.hq, &mut seller, &mut other] {
        let row = row(desk, done.number.as_str());
        assert_eq!((row.entitled, row.queued, row.excess), (Amount(3333), Amount(3333), Quantity::ZERO));
        assert!(row.events.iter().any(|e| e.kind == "sale_verified"));
        assert_eq!(desk.replica.exposure().unwrap().provisional, Amount::ZERO);
        desk.check();
    }
    // At the selling branch the sale counts, whatever a paper says.
    assert!(matches!(
        refused(&mut seller, with_code(&paper, "TEA", 1, None)),
        CommandError::MoreThanLeft { .. }
    ));
    let home = seller.replica.counter_return(&clerk(), with_code(&left, "CUP", 1, None)).unwrap();
    let last = SignedReceipt::parse(&home.receipt_code.unwrap()).unwrap();
    assert_eq!(
        (last.reprint().is_none(), last.printing().number),
        (true, 4),
        "signed afresh, after three returns"
    );
    assert_eq!(last.printing().returned.iter().map(|r| r.0).sum::<Quantity>(), Quantity::units(4));
}

/// A paper was copied, and two branches take the same goods back by it while apart. In both orders of arrival:
/// the earlier stands, the later is excess, one case; and all who hold them agree.
#[test]
fn a_copied_receipt_is_one_case_in_either_order() {
    let mut seen = Vec::new();
    for later_first in [false, true] {
        let mut chain = Chain::open(&["S01", "S02", "S03"]);
        let mut seller = chain.desk(21, "S01A", "S01", 0);
        let mut others = [chain.desk(22, "S02A", "S02", 0), chain.desk(23, "S03A", "S03", 0)];
        others.iter_mut().for_each(|desk| _ = chain.sync(desk));
        sell(&mut seller, "1");
        let paper = sign(&mut seller, "S01/1");
        chain.sync(&mut seller);
        let mut numbers = Vec::new();
        for desk in &mut others {
            chain.later(60_000);
            numbers.push(desk.take_back(with_code(&paper, "CUP", 1, Some("cash"))).unwrap());
        }
        // The second heard of the first while it was asked for nothing.
        let order = if later_first { [1, 0] } else { [0, 1] };
        for n in order {
            chain.sync(&mut others[n]);
            chain.settle();
        }
        for _ in 0..2 {
            chain.sync(&mut seller);
            others.iter_mut().for_each(|desk| _ = chain.sync(desk));
            chain.settle();
        }
        assert_eq!(exceptions(&chain), [(ExceptionKind::OverReturn, Amount(3000))]);
        let verdicts = |desk: &Desk| -> Vec<(Amount, Quantity)> {
            numbers.iter().map(|n| row(desk, n)).map(|r| (r.entitled, r.excess)).collect()
        };
        let at_hq = verdicts(&chain.hq);
        assert_eq!(at_hq, [(Amount(3000), Quantity::ZERO), (Amount::ZERO, Quantity::units(1))]);
        assert_eq!(verdicts(&seller), at_hq);
        seen.push(at_hq);
        for desk in others.iter_mut().chain([&mut seller, &mut chain.hq]) {
            desk.check();
        }
    }
    assert_eq!(seen[0], seen[1]);
}

/// What a branch grants on papers is bounded by the policy's offline limits, together with what it grants on
/// nobody's but the customer's word; beyond, a manager has to agree. HQ isn't apart from the sale, and shows
/// what stands granted.
#[test]
fn what_a_paper_can_cost_is_bounded_and_shown() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    chain.sync(&mut other);
    let sold = receipt("1", START, &[("LAMP", 2, 40_000), ("TEA", 1, 15_000)]);
    seller.import(vec![sold], Vec::new(), false);
    let paper = sign(&mut seller, "S01/1");
    other.take_back(with_code(&paper, "LAMP", 1, Some("cash"))).unwrap();
    let error = refused(&mut other, with_code(&paper, "TEA", 1, Some("cash")));
    let CommandError::NeedsManager { grounds, .. } = error else { panic!("{error}") };
    assert_eq!(
        grounds,
        [Ground::UnverifiedAbove { limit: Amount(30_000) }],
        "200.00 before, 150.00 now, of 300.00"
    );
    let manager = By { approved_by: Some("wang".parse().unwrap()), ..clerk() };
    other.replica.counter_return(&manager, with_code(&paper, "TEA", 1, Some("cash"))).unwrap();

    chain.sync(&mut other);
    chain.sync_hq();
    let exposure = chain.hq.replica.exposure().unwrap();
    assert_eq!((exposure.proven, exposure.proven_returns), (Amount(35_000), 2));
    assert_eq!((exposure.provisional, exposure.provisional_returns), (Amount(35_000), 2));
    chain.sync(&mut seller);
    chain.settle();
    let exposure = chain.hq.replica.exposure().unwrap();
    assert_eq!((exposure.proven, exposure.provisional), (Amount::ZERO, Amount::ZERO));
    chain.hq.check();
}

/// A paper that doesn't prove what it says is refused by the name of what is wrong, and nothing is taken in.
#[test]
fn a_paper_that_proves_nothing_is_refused_by_name() {
    let mut chain = Chain::open(&["S01", "S02", "S03"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut third = chain.desk(23, "S03A", "S03", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    sell(&mut seller, "1");
    let paper = sign(&mut seller, "S01/1");
    let wrong = |desk: &mut Desk, code: &str| match refused(desk, with_code(code, "TEA", 1, None)) {
        CommandError::ReceiptCode(error) => error,
        error => panic!("{error}"),
    };
    // It was joined after the till was, and hasn't heard of it: once it has, it believes.
    chain.sync(&mut third);
    let late = chain.desk(24, "S01B", "S01", 0).replica.identity().device;
    let genuine = SignedReceipt::parse(&paper).unwrap();
    let forged_by = |seed: u8, change: &dyn Fn(&mut guicang_domain::signed_receipt::ReceiptFacts)| {
        let key = DeviceKey::from_seed([seed; 32]);
        let mut facts = genuine.facts().clone();
        facts.signer = key.device();
        change(&mut facts);
        let organisation = chain.hq.replica.identity().organisation;
        let tag = guicang_domain::signed_receipt::RECEIPT_TAG;
        SignedReceipt::sign(organisation, facts, |m| key.sign(tag, m).0).unwrap().to_string()
    };
    let by_late = forged_by(24, &|_| ());
    let found = wrong(&mut third, &by_late);
    assert!(matches!(&found, ReceiptCodeError::UnknownDevice { device, .. } if *device == late), "{found}");
    let by_third = forged_by(23, &|_| ());
    let raised = forged_by(25, &|facts| {
        facts.signer = genuine.facts().signer;
        facts.lines[0].paid = Amount(1_000_000);
    });
    let stranger = forged_by(21, &|facts| facts.organisation = [1, 2, 3, 4]);
    chain.sync(&mut third);
    chain.sync(&mut other);
    let found = wrong(&mut other, &by_third);
    assert!(
        matches!(&found, ReceiptCodeError::NotEntitled { device, .. } if device.as_str() == "S03A"),
        "{found}"
    );
    let found = wrong(&mut other, &raised);
    assert!(matches!(&found, ReceiptCodeError::Signature { device } if device.as_str() == "S01A"), "{found}");
    let found = wrong(&mut other, &stranger);
    assert_eq!(found, ReceiptCodeError::OtherOrganisation { found: "01020304".into() });
    assert!(matches!(wrong(&mut other, "6901234567892"), ReceiptCodeError::NotOurs { .. }));
    third.take_back(with_code(&by_late, "TEA", 1, None)).unwrap();

    // A countersignature can only make less of it: one by a device that nobody here knows yet is heeded, one that
    // isn't its device's was tampered with.
    let mut left = genuine.printing().clone();
    left.number = 2;
    left.returned[1] = (Quantity::units(1), Amount(3000));
    let organisation = chain.hq.replica.identity().organisation;
    let tag = guicang_domain::signed_receipt::REPRINT_TAG;
    let [nobody, third_key] = [99, 23].map(|seed| DeviceKey::from_seed([seed; 32]));
    let by = |device| genuine.countersign(organisation, device, left.clone(), |m| nobody.sign(tag, m).0);
    let unknown = by(nobody.device()).unwrap().to_string();
    let error = refused(&mut other, with_code(&unknown, "CUP", 1, None));
    assert!(matches!(error, CommandError::MoreThanLeft { left: Quantity(0), .. }), "{error}");
    let found = wrong(&mut other, &by(third_key.device()).unwrap().to_string());
    assert!(matches!(&found, ReceiptCodeError::Signature { device } if device.as_str() == "S03A"), "{found}");

    let named = CounterReturn { receipt: Some("S01/2".parse_receipt()), ..with_code(&paper, "TEA", 1, None) };
    let error = refused(&mut other, named);
    assert!(matches!(error, CommandError::Value { field: "receipt", .. }), "{error}");
    let other_branchs = other.replica.sign_receipt(&"S01/1".parse_receipt()).unwrap_err();
    assert!(matches!(other_branchs, CommandError::SaleNotHeld { .. }), "{other_branchs}");
}

/// HQ has withdrawn the till, and the branch that takes the goods back doesn't know: the paper proves nothing, at
/// nobody, whichever of return and withdrawal arrives first. What came back before stays proven.
#[test]
fn a_withdrawn_tills_paper_proves_nothing_from_then_on() {
    for grant_first in [true, false] {
        let mut chain = Chain::open(&["S01", "S02"]);
        let mut seller = chain.desk(21, "S01A", "S01", 0);
        let mut other = chain.desk(22, "S02A", "S02", 0);
        chain.sync(&mut other);
        sell(&mut seller, "1");
        let paper = sign(&mut seller, "S01/1");
        let before = other.take_back(with_code(&paper, "TEA", 1, Some("cash"))).unwrap();
        chain.sync(&mut other);
        chain.later(3_600_000);
        let withdrawal = chain.withdrawal(21, "S01A", "S01");
        chain.later(3_600_000);
        // HQ's word is heard by the branch with the session that brings its return, or only after it.
        if grant_first {
            chain.relay.add_grants(vec![withdrawal.clone()]).unwrap();
        }
        let after = other.take_back(with_code(&paper, "CUP", 1, Some("cash"))).unwrap();
        assert!(row(&other, &after).proven, "it can't know yet");
        chain.sync(&mut other);
        if !grant_first {
            chain.relay.add_grants(vec![withdrawal]).unwrap();
        }
        // No sale arrives: HQ can verify nothing.
        for _ in 0..2 {
            chain.sync_hq();
            chain.sync(&mut other);
        }
        for desk in [&mut chain.hq, &mut other] {
            let (before, after) = (row(desk, &before), row(desk, &after));
            assert_eq!((before.proven, before.unverified_lines), (true, 0));
            assert_eq!((after.proven, after.unverified_lines), (false, 1), "as if there had been no paper");
            assert_eq!(after.entitled, Amount(3000), "what the customer says, provisionally");
            desk.check();
        }
        let error = refused(&mut other, with_code(&paper, "TEA", 1, Some("cash")));
        assert!(matches!(error, CommandError::ReceiptCode(ReceiptCodeError::Withdrawn { .. })), "{error}");
        assert_eq!(site("S02"), row(&other, &after).site);
    }
}

/// The programs themselves: a branch signs and draws, another one that has never heard of the sale reads the text
/// from standard input, takes one of two back and prints what is left; the selling branch takes the other one
/// by that paper, and refuses a third. HQ is told, and pays.
#[test]
fn a_paper_goes_from_branch_to_branch() {
    let hq = Headquarters::open(&["A", "B"]);
    let (seller, other) = (hq.branch("A", &hq.address), hq.branch("B", &hq.address));
    other.sync();
    hq.sell(&seller, "A", "R1", 2);
    let drawn = seller.run(&["receipt", "sign", "R1", "--qr"]).ok().out;
    let code = drawn.lines().last().unwrap().to_owned();
    assert!(code.starts_with("GC1:") && drawn.contains('\u{2580}'), "{drawn}");
    assert_eq!(seller.items(&["receipt", "sign", "A/R1"])[0]["code"], code.as_str());

    let shown = other.items(&["receipt", "show", &code]).remove(0);
    assert_eq!(
        (&shown["receipt"], &shown["held"], &shown["printing"]),
        (&"A/R1".into(), &false.into(), &1.into())
    );
    assert_eq!((&shown["lines"][0]["left"], &shown["lines"][0]["paid"]), (&"2".into(), &"40.00".into()));

    let asked = "return counter --receipt-code - --item TEA --reason defective --grade A=1 --json";
    let mut taking = other.command(&words(asked));
    let mut taking = taking.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(taking.stdin.take().unwrap(), "{code}").unwrap();
    let output = taking.wait_with_output().unwrap();
    assert!(output.status.success());
    let taken: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let taken = &taken["items"][0];
    assert_eq!((&taken["verified"], &taken["proven"]), (&true.into(), &true.into()));
    assert_eq!(
        (&taken["refund"]["queued"], &taken["refunds"][0]["tender"]),
        (&"20.00".into(), &"wechat".into())
    );
    let left = taken["receipt_code"].as_str().unwrap();
    assert_ne!(left, code);

    // The selling branch hasn't heard of it, and goes by the paper.
    let back = ["return", "counter", "--receipt-code", left, "--item", "TEA", "--reason", "defective"];
    let home = seller.items(&[&back[..], &["--grade", "A=1"]].concat()).remove(0);
    assert_eq!(home["refund"]["queued"], "20.00");
    let last = home["receipt_code"].as_str().unwrap();
    let third =
        seller.run(&["return", "counter", "--receipt-code", last, "--item", "TEA", "--reason", "defective"]);
    assert_eq!(third.code, Some(65), "{third:?}");
    let refused = other.run(&["receipt", "show", &code[..code.len() - 1]]);
    assert!(refused.code == Some(65) && refused.said.contains("damaged"), "{refused:?}");

    seller.sync();
    other.sync();
    hq.items(&["payout", "run"]);
    other.sync();
    let number = taken["number"].as_str().unwrap();
    let there = other.items(&["return", "show", number]).remove(0);
    assert_eq!(there["refund"]["paid"], "20.00", "{there}");
    assert_eq!(hq.items(&["exception", "list"]), Vec::<serde_json::Value>::new());
    hq.run(&["doctor"]).ok();
}
