//! Everything follows from the seed, and everything ties out.

use guicang_chain::audit::Report;
use guicang_chain::{Plan, live};

fn fortnight(seed: u64) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { branches: 3, days: 14, seed, out: folder.path().join("chain") };
    live(plan, &mut |_| {}).unwrap()
}

/// The same seed gives the same facts and the same figures, to the last digest; another seed gives
/// others. Either way HQ shows what the chain's own books say.
#[test]
fn a_fortnight_follows_from_its_seed() {
    let (once, again, other) = (fortnight(7), fortnight(7), fortnight(8));
    assert_eq!(once, again);
    assert_ne!(once.digest, other.digest);
    assert_ne!(once.planted, other.planted);
    for report in [once, other] {
        assert_eq!(report.wrong, [""; 0]);
        assert!(report.sums["returns"]["documents"].as_i64().unwrap() > 0, "{}", report.sums);
    }
}
