//! The simulation finds what was put in on purpose: those that it finds soonest, here; all of them by
//! `cargo xtask simulate --planted`. One test, since a fault is planted for the whole process.
#![cfg(feature = "planted")]

use guicang_sim::{Setting, run};
use guicang_sync::planted::{Bug, plant};

/// Each is found within a few seeds, and none is found where none is.
#[test]
fn planted_faults_are_found() {
    let setting = Setting { branches: 4, steps: 80 };
    for bug in [Bug::SumNotMoved, Bug::LostDependency, Bug::AckBeforeCommit] {
        let found = (1..=20).any(|seed| {
            plant(Some(bug));
            let failed = run::seed(seed, setting).is_err();
            plant(None);
            // A seed that fails without it as well has found something else.
            failed && run::seed(seed, setting).is_ok()
        });
        assert!(found, "{bug:?} was not found");
    }
    assert_eq!(run::seed(1, setting).err(), None);
}
