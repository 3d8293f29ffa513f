//! Whose word is enough: names are taken at their word, roles are what HQ lists.

use guicang_domain::account::Account;
use guicang_domain::count::Uncounted;
use guicang_domain::exception::{Evidence, Exception, ExceptionKind};
use guicang_domain::quantity::Quantity;
use guicang_domain::user::{Lacks, StaffRole};
use guicang_replica::{
    By, CommandError, ExceptionFilter, Listing, OpenCount, ScanItem, SupplierDraft, SupplierField, UserDraft,
};

use crate::chain::{Chain, Desk, clerk, request, site};

const HOUR: i64 = 3_600_000;

fn user(name: &str, role: StaffRole, sites: &[&str]) -> UserDraft {
    UserDraft {
        name: name.parse().unwrap(),
        display: None,
        role: Some(role),
        sites: Some(sites.iter().map(|s| site(s)).collect()),
        active: None,
    }
}

fn turn(name: &str, active: bool) -> UserDraft {
    let name = name.parse().unwrap();
    UserDraft { name, display: None, role: None, sites: None, active: Some(active) }
}

fn on_the_word_of(name: &str) -> By {
    By { approved_by: Some(name.parse().unwrap()), ..clerk() }
}

/// A chain whose HQ lists Li (clerk), Wang (manager) of S01, Sun (manager) of S02 and Qian of HQ; a branch S01
/// that has sold goods for 2,000.00 a receipt, twice a clerk's limit.
fn staffed() -> (Chain, Desk) {
    let mut chain = Chain::open(&["S01", "S02"]);
    let staff = vec![
        user("li", StaffRole::Clerk, &["S01"]),
        user("wang", StaffRole::Manager, &["S01"]),
        user("sun", StaffRole::Manager, &["S02"]),
        user("qian", StaffRole::Hq, &[]),
    ];
    assert_eq!(chain.hq.replica.put_users(&clerk(), Listing::New, staff).unwrap(), 4);
    let mut branch = chain.desk(21, "S01A", "S01", 0);
    for number in ["1", "2", "3", "4"] {
        branch.sell(number, &[("TV", 1, 200_000)]);
    }
    chain.settle();
    chain.sync(&mut branch);
    (chain, branch)
}

fn take_back(desk: &mut Desk, number: &str, by: &By) -> Result<String, CommandError> {
    let asked = request(&format!("S01/{number}"), "TV", 1, "cash");
    desk.replica.counter_return(by, asked).map(|done| done.number.to_string())
}

fn withdrawn(desk: &Desk) -> Vec<Exception> {
    let kind = Some(ExceptionKind::WithdrawnRight);
    desk.replica.exceptions(&ExceptionFilter { historic: None, open_only: true, kind }).unwrap()
}

fn names(could: &[guicang_domain::ids::UserName]) -> String {
    could.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A clerk lets another clerk agree to 2,000.00; then a manager of another site, somebody whom nobody knows, and
/// himself. Each is refused with who could, and nothing is recorded. The site's manager may; so may HQ.
#[test]
fn only_a_manager_of_the_site_agrees_above_the_limit() {
    let (mut chain, mut branch) = staffed();
    let refused = take_back(&mut branch, "1", &clerk());
    let Err(CommandError::NeedsManager { could, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(names(&could), "qian wang");
    let zhou = vec![user("zhou", StaffRole::Clerk, &["S01"])];
    chain.hq.replica.put_users(&clerk(), Listing::New, zhou).unwrap();
    chain.settle();
    chain.sync(&mut branch);
    for (approver, why) in
        [("zhou", Lacks::Role(StaffRole::Clerk)), ("sun", Lacks::Elsewhere), ("nobody", Lacks::NotListed)]
    {
        match take_back(&mut branch, "1", &on_the_word_of(approver)) {
            Err(CommandError::NotEntitled { user, lacks, wanted, site: at, could }) => {
                assert_eq!((user.as_str(), lacks, wanted), (approver, why, StaffRole::Manager));
                assert_eq!((at, names(&could)), (Some(site("S01")), "qian wang".into()));
            }
            other => panic!("{approver}: {other:?}"),
        }
    }
    let own = take_back(&mut branch, "1", &on_the_word_of("li"));
    assert!(matches!(own, Err(CommandError::ApproverIsRequester { .. })), "{own:?}");
    assert_eq!(branch.replica.returns(&Default::default()).unwrap().len(), 0);

    // What only a manager does asks for the same: here, a reversal.
    let number = take_back(&mut branch, "1", &on_the_word_of("wang")).unwrap();
    let refused = branch.replica.reverse_return(&on_the_word_of("sun"), &number, None);
    assert!(matches!(refused, Err(CommandError::NotEntitled { lacks: Lacks::Elsewhere, .. })), "{refused:?}");
    let alone = branch.replica.reverse_return(&clerk(), &number, None);
    let Err(CommandError::ManagerOnly { could, .. }) = alone else { panic!("{alone:?}") };
    assert_eq!(names(&could), "qian wang");
    branch.replica.reverse_return(&on_the_word_of("qian"), &number, None).unwrap();
    branch.check();
}

/// A return that a clerk asked for waits for a manager: another clerk at the keyboard isn't one, whatever the
/// name says.
#[test]
fn another_clerk_at_the_keyboard_is_no_manager() {
    let (_, mut branch) = staffed();
    let asked = request("S01/1", "TV", 1, "cash");
    let number =
        branch.replica.open_return(&clerk(), asked, false).map(|done| done.number.to_string()).unwrap();
    // Faulty goods above the clerk's limit: nobody has agreed yet.
    let refused = branch.replica.approve_return(&By::user("zhou".parse().unwrap()), &number);
    assert!(matches!(refused, Err(CommandError::NotEntitled { lacks: Lacks::NotListed, .. })), "{refused:?}");
    branch.replica.approve_return(&By::user("wang".parse().unwrap()), &number).unwrap();
    branch.check();
}

/// HQ withdraws Wang while the branch is apart. What Wang agreed to before is no exception; what Wang agreed to
/// afterwards counts in full, the customer has the money, and is told, by name, on every replica alike; once the
/// branch has synced, Wang is refused. Given back, the role holds again, and what was told is told still.
#[test]
fn a_role_withdrawn_while_the_branch_was_apart() {
    let (mut chain, mut branch) = staffed();
    take_back(&mut branch, "1", &on_the_word_of("wang")).unwrap();
    chain.later(HOUR);
    chain.hq.replica.put_users(&clerk(), Listing::Known, vec![turn("wang", false)]).unwrap();
    chain.settle();
    chain.later(HOUR);
    let late = take_back(&mut branch, "2", &on_the_word_of("wang")).unwrap();
    chain.sync(&mut branch);
    chain.settle();
    chain.sync(&mut branch);

    let row = chain.hq.replica.find_return(&late).unwrap().unwrap();
    assert_eq!((row.paid, row.entitled), (row.entitled, row.paid), "it stands");
    let told = withdrawn(&chain.hq);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].documents, [row.id].into());
    let Evidence::Facts(facts) = &told[0].evidence else { panic!("{told:?}") };
    assert!(facts[0].0.starts_with("agreed wang "), "{facts:?}");
    assert_eq!(withdrawn(&branch), told, "the branch sees the same");

    let refused = take_back(&mut branch, "3", &on_the_word_of("wang"));
    let Err(CommandError::NotEntitled { lacks: Lacks::Withdrawn, could, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(names(&could), "qian");

    chain.later(HOUR);
    chain.hq.replica.put_users(&clerk(), Listing::Known, vec![turn("wang", true)]).unwrap();
    chain.settle();
    chain.sync(&mut branch);
    take_back(&mut branch, "3", &on_the_word_of("wang")).unwrap();
    chain.sync(&mut branch);
    chain.settle();
    assert_eq!(withdrawn(&chain.hq), told);
    let mut observer = chain.second_hq(77);
    chain.sync(&mut observer);
    assert_eq!(observer.digest(), chain.hq.digest());
    assert_eq!(withdrawn(&observer), told);
    branch.check();
    chain.hq.check();
}

/// Where HQ lists nobody, any other name may agree, as before there were lists.
#[test]
fn without_a_list_any_other_name_may_agree() {
    let mut chain = Chain::open(&["S01"]);
    let mut branch = chain.desk(21, "S01A", "S01", 0);
    branch.sell("1", &[("TV", 1, 200_000)]);
    take_back(&mut branch, "1", &on_the_word_of("anybody")).unwrap();
    let listed = branch.replica.put_users(&clerk(), Listing::New, vec![user("li", StaffRole::Hq, &[])]);
    assert!(matches!(listed, Err(CommandError::HqOnly)), "a branch lists nobody: {listed:?}");
    let nowhere = vec![user("sun", StaffRole::Manager, &[])];
    let refused = chain.hq.replica.put_users(&clerk(), Listing::Any, nowhere);
    assert!(matches!(refused, Err(CommandError::Value { field: "sites", .. })), "{refused:?}");
    let elsewhere = vec![user("sun", StaffRole::Manager, &["S09"])];
    let refused = chain.hq.replica.put_users(&clerk(), Listing::Any, elsewhere);
    assert!(matches!(refused, Err(CommandError::UnknownSite { .. })), "{refused:?}");
    assert_eq!(chain.hq.replica.users().unwrap().len(), 0);
}

/// HQ lists a supplier; a branch that lacks the newest is told what it knows, and is never refused. Two of HQ's
/// devices change one supplier while apart: both values are there, the same on every replica.
#[test]
fn suppliers_are_known_at_branches_and_never_in_the_way() {
    let mut chain = Chain::open(&["S01"]);
    let mut branch = chain.desk(21, "S01A", "S01", 0);
    let mut second = chain.second_hq(50);
    assert_eq!(branch.replica.instead_of_supplier("YW1").unwrap(), None, "none is listed: nothing to say");
    let put = |desk: &mut Desk, listing, fields: Vec<SupplierField>| {
        let draft = SupplierDraft { code: "YW1".parse().unwrap(), fields };
        desk.replica.put_suppliers(listing, vec![draft])
    };
    let name = |name: &str| vec![SupplierField::Name(name.into())];
    let unknown = put(&mut chain.hq, Listing::Known, name("Yiwu"));
    assert!(matches!(unknown, Err(CommandError::UnknownSupplier { .. })), "{unknown:?}");
    assert_eq!(put(&mut chain.hq, Listing::New, name("Yiwu")).unwrap(), 1);
    let again = put(&mut chain.hq, Listing::New, name("Yiwu"));
    assert!(matches!(again, Err(CommandError::ListedAlready { .. })), "{again:?}");
    chain.settle();
    chain.sync(&mut branch);
    chain.sync(&mut second);
    assert_eq!(branch.replica.instead_of_supplier("YW1").unwrap(), None);
    assert_eq!(branch.replica.instead_of_supplier("YW2").unwrap(), Some(vec!["YW1".into()]));

    put(&mut chain.hq, Listing::Known, name("Yiwu One")).unwrap();
    put(&mut second, Listing::Known, name("First of Yiwu")).unwrap();
    chain.sync(&mut second);
    chain.settle();
    chain.sync(&mut branch);
    chain.sync(&mut second);
    let rows = [&chain.hq, &branch, &second].map(|desk| desk.replica.suppliers().unwrap().remove(0));
    let mut both: Vec<&str> = vec![&rows[0].is.name, &rows[0].losing[0].values[0]];
    both.sort();
    assert_eq!(both, ["First of Yiwu", "Yiwu One"]);
    assert_eq!((&rows[1].is.name, &rows[1].losing), (&rows[0].is.name, &rows[0].losing));
    assert_eq!((&rows[2].is.name, &rows[2].losing), (&rows[0].is.name, &rows[0].losing));
    branch.check();
}

/// A count writes stock on and off, so a manager of the site approves it: another clerk, the neighbour's manager and
/// whoever counted are refused, and who could is named. A chain that lists nobody takes any name, as at the till.
#[test]
fn a_count_is_approved_by_a_manager_of_the_site() {
    let (mut chain, mut branch) = staffed();
    let zhou = vec![user("zhou", StaffRole::Clerk, &["S01"])];
    chain.hq.replica.put_users(&clerk(), Listing::New, zhou).unwrap();
    chain.settle();
    chain.sync(&mut branch);
    branch.opening("TEA", 10);
    let number = branch.replica.open_count(&clerk(), OpenCount::default()).unwrap().number;
    let nine = ScanItem {
        sku: "TEA".into(),
        lot: None,
        place: String::new(),
        account: Account::Sellable,
        quantity: Quantity::units(9),
    };
    branch.replica.scan_count(&clerk(), &number, &[nine]).unwrap();
    branch.replica.close_count(&clerk(), &number, Uncounted::Leave).unwrap();
    let changes = branch.replica.status().unwrap().changes;
    for (name, why) in [("zhou", Lacks::Role(StaffRole::Clerk)), ("sun", Lacks::Elsewhere)] {
        match branch.replica.approve_count(&By::user(name.parse().unwrap()), &number) {
            Err(CommandError::NotEntitled { lacks, could, .. }) => {
                assert_eq!(lacks, why);
                assert_eq!(names(&could), "qian wang");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(branch.replica.status().unwrap().changes, changes, "a refusal records nothing");
    branch.replica.approve_count(&By::user("wang".parse().unwrap()), &number).unwrap();
}
