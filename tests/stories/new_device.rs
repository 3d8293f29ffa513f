//! A device that joins a branch with a history: what came of a document at once is taken at once.

use guicang_domain::returns::Grade;
use guicang_replica::Receive;
use guicang_server::relay::link::LocalLink;
use guicang_sync::session::{Limits, Session, Step};

use crate::chain::{Chain, Desk, clerk, graded, request};

/// A device's session that is cut off after so many slices of a position each.
fn cut(chain: &Chain, desk: &mut Desk, slices: usize) {
    let replica = &mut desk.replica;
    let link = LocalLink::new(chain.relay.clone(), replica.identity().device);
    let mut session = Session::new(replica.session_start(Limits::default()).unwrap());
    loop {
        match session.step() {
            Step::Entries { after_sequence, budget_bytes } => {
                let (entries, more) = replica.wire_entries(after_sequence, budget_bytes).unwrap();
                session.entries(entries, more, None).unwrap();
            }
            Step::Send(body) => session.answer(&link.sync(&body, chain.now()).unwrap()).unwrap(),
            Step::Store(received) => {
                let mut pull = replica.begin_pull(&received).unwrap();
                for _ in 0..slices {
                    replica.apply_slice(&mut pull, 1).unwrap();
                }
                return;
            }
            Step::Done(_) => return,
        }
    }
}

/// A return is asked for, taken in and inspected, each step with a session of its own and others' steps
/// between. A device that was there all along got each change by itself; one that joins later gets all of a
/// document at its first position, ahead of its cursor. Cut off after every slice, it goes on from there,
/// takes nothing twice, and shows what the first shows; the doctor agrees, and the sums do.
#[test]
fn a_document_that_comes_whole_is_as_one_that_came_step_by_step() {
    let mut chain = Chain::open(&["S01"]);
    let mut till = chain.desk(21, "S01A", "S01", 0);
    let mut beside = chain.desk(22, "S01B", "S01", 0);
    let mut numbers = Vec::new();
    for n in 0..4 {
        till.sell(&format!("R{n}"), &[("TEA", 3, 6000)]);
        let mut asked = request(&format!("S01/R{n}"), "TEA", 2, "cash");
        (asked.goods_here, asked.refund, asked.paid) = (false, None, false);
        numbers.push(till.take_back(asked).unwrap());
    }
    let all = [Receive { sku: None, quantity: None, place: String::new() }];
    let mut step = |chain: &mut Chain, till: &mut Desk| {
        chain.sync(till);
        chain.settle();
        chain.sync(till);
        chain.sync(&mut beside);
    };
    step(&mut chain, &mut till);
    for number in &numbers {
        till.replica.receive(&clerk(), number, &all).unwrap();
        step(&mut chain, &mut till);
    }
    for number in &numbers {
        till.replica.inspect(&clerk(), number, &[graded(Grade::A, 2)]).unwrap();
        step(&mut chain, &mut till);
    }

    let mut whole = chain.desk(23, "S01C", "S01", 0);
    assert!(chain.sync(&mut whole).proven);
    let mut interrupted = chain.desk(24, "S01D", "S01", 0);
    // Everybody hears of the new devices.
    for desk in [&mut beside, &mut whole] {
        chain.sync(desk);
    }
    let mut seen = Vec::new();
    for _ in 0..200 {
        cut(&chain, &mut interrupted, 1);
        seen.push(interrupted.replica.cursors().unwrap().iter().map(|c| c.position).sum::<u64>());
    }
    assert!(seen.is_sorted() && seen.windows(2).any(|w| w[0] < w[1]), "{seen:?}");
    assert!(chain.sync(&mut interrupted).proven);
    for desk in [&mut whole, &mut interrupted] {
        assert_eq!(desk.digest(), beside.digest());
        assert_eq!(desk.replica.apart_changes().unwrap(), []);
        desk.check();
    }
    beside.check();
}
