//! The policy while branches are apart: what they hold is honoured, what they may grant unseen is bounded.

use guicang_domain::exception::{Evidence, ExceptionKind};
use guicang_domain::money::{Amount, Currency};
use guicang_domain::policy::{Ground, Policy};
use guicang_domain::resolution::{Action, LossOwner};
use guicang_replica::{CommandError, ExceptionFilter, PolicyDraft, Resolve};

use crate::chain::{Chain, Desk, clerk, request};

const DAY: i64 = 86_400_000;

fn set(chain: &mut Chain, policy: Policy) {
    let draft =
        PolicyDraft { policy, effective: None, legal: Default::default(), reasons: Default::default() };
    chain.hq.replica.set_policy(&clerk(), draft).unwrap();
    chain.settle();
}

fn stale(desk: &Desk, open_only: bool) -> Vec<guicang_domain::exception::Exception> {
    let filter = ExceptionFilter { historic: Some(false), open_only, kind: Some(ExceptionKind::StalePolicy) };
    desk.replica.exceptions(&filter).unwrap()
}

fn version_of(desk: &Desk, number: &str) -> String {
    let row = desk.replica.find_return(number).unwrap().unwrap();
    row.events.iter().find(|e| e.kind == "approved").unwrap().policy.clone()
}

/// HQ sets another version while a branch is apart. What the branch judges by the old one is honoured; after
/// the version's three days it stands too, and is flagged, once, with both versions and since when. Once the
/// branch has synced it follows the new one.
#[test]
fn an_old_version_is_honoured_and_flagged_once_too_stale() {
    let mut chain = Chain::open(&["S01"]);
    set(
        &mut chain,
        Policy { version: "autumn".into(), stale_days: Some(3), ..Policy::standard(Currency::CNY) },
    );
    let mut branch = chain.desk(21, "S01A", "S01", 0);
    chain.sync(&mut branch);
    for number in ["1", "2", "3"] {
        branch.sell(number, &[("TEA", 1, 2000)]);
    }
    set(&mut chain, Policy { version: "winter".into(), ..Policy::standard(Currency::CNY) });

    chain.later(2 * DAY);
    let within = branch.take_back(request("S01/1", "TEA", 1, "cash")).unwrap();
    chain.later(2 * DAY);
    let too_late = branch.take_back(request("S01/2", "TEA", 1, "cash")).unwrap();
    chain.sync(&mut branch);
    chain.settle();
    for number in [&within, &too_late] {
        let row = chain.hq.replica.find_return(number).unwrap().unwrap();
        assert_eq!((row.paid, row.entitled), (Amount(2000), Amount(2000)), "it stands");
        assert_eq!(version_of(&chain.hq, number), "autumn");
    }
    let found = stale(&chain.hq, true);
    assert_eq!(found.len(), 1, "{found:?}");
    let document = chain.hq.replica.find_return(&too_late).unwrap().unwrap().id;
    assert!(found[0].documents.contains(&document));
    let Evidence::Facts(facts) = &found[0].evidence else { panic!() };
    let fact = |name: &str| facts.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(
        [fact("judged_by"), fact("replaced_by"), fact("stale_days")],
        ["autumn".to_string(), "winter".into(), "3".into()]
    );
    assert_eq!(stale(&branch, true), found, "the branch sees the same");

    let after = branch.take_back(request("S01/3", "TEA", 1, "cash")).unwrap();
    assert_eq!(version_of(&branch, &after), "winter");
    chain.sync(&mut branch);
    chain.settle();
    assert_eq!(stale(&chain.hq, true), found);
    let id = found[0].id.clone();
    let resolve = Resolve { exception: id, action: Action::Goodwill, owner: LossOwner::Company, note: None };
    chain.hq.replica.resolve(&clerk(), resolve).unwrap();
    assert_eq!((stale(&chain.hq, true).len(), stale(&chain.hq, false).len()), (0, 1));
    chain.hq.check();
    branch.check();
}

/// A branch may grant 30.00 a day and 50.00 in all on sales that nobody has seen. 20.00 go; 20.00 more are over
/// the day's limit, and go tomorrow; then the branch's own is reached. Once HQ has seen the sales, there is
/// room again.
#[test]
fn what_is_granted_unseen_is_bounded() {
    let mut chain = Chain::open(&["S01", "S02"]);
    let mut seller = chain.desk(21, "S01A", "S01", 0);
    let mut other = chain.desk(22, "S02A", "S02", 0);
    set(
        &mut chain,
        Policy {
            version: "bounded".into(),
            unverified_branch: Some(Amount(5000)),
            unverified_day: Some(Amount(3000)),
            ..Policy::standard(Currency::CNY)
        },
    );
    for number in ["1", "2", "3"] {
        seller.sell(number, &[("TEA", 1, 2000)]);
    }
    chain.sync(&mut seller);
    chain.sync(&mut other);
    let asked = |number: &str| request(&format!("S01/{number}"), "TEA", 1, "wechat");
    let grounds = |refused: Result<String, CommandError>| match refused {
        Err(CommandError::NeedsManager { grounds, policy, .. }) => {
            assert_eq!(policy, "bounded");
            grounds
        }
        other => panic!("{other:?}"),
    };
    other.take_back(asked("1")).unwrap();
    let day = Ground::UnverifiedOnDay { limit: Amount(3000), used: Amount(2000) };
    assert_eq!(grounds(other.take_back(asked("2"))), [day]);
    chain.later(DAY);
    other.take_back(asked("2")).unwrap();
    chain.later(DAY);
    let branch = Ground::UnverifiedAtBranch { limit: Amount(5000), used: Amount(4000) };
    assert_eq!(grounds(other.take_back(asked("3"))), [branch]);
    assert_eq!(other.replica.exposure().unwrap().provisional, Amount(4000));

    chain.sync(&mut other);
    chain.settle();
    chain.sync(&mut other);
    assert_eq!(other.replica.exposure().unwrap().provisional, Amount::ZERO);
    other.take_back(asked("3")).unwrap();
    for desk in [&mut seller, &mut other, &mut chain.hq] {
        desk.check();
    }
}
