//! Deliveries to 342 real shops, and what they sent back, where the data folder is there.

use guicang_cli::import::profile::Profile;
use guicang_cli::import::report::Report;
use guicang_cli::import::rules::Kind;
use guicang_cli::import::{Options, Source, import};
use guicang_domain::adjustment::Movement;

use crate::real::data;
use crate::target::Shelf;

fn bring(shelf: &mut Shelf, source: Source) -> Report {
    let profile = Profile::load("iowa-orders").unwrap();
    import(shelf, source, &profile, &Options::default(), &mut |_| {}).unwrap()
}

/// A shop's day is one document for what came and one for what went, though its invoices stand apart; the
/// amounts are those of the lines, and a return above zero takes back a part of what was sent back.
#[test]
fn a_shops_day_is_a_document_each_way() {
    let file = "InvoiceLine,Date,StoreNumber,ItemNumber,Bottles,SaleDollars\n\
                INV-00000100001,2022-01-03,2190,86668,3,10.00\n\
                INV-00000200001,2022-01-03,2191,86668,1,3.33\n\
                INV-00000300001,2022-01-03,2190,32231,1,4.95\n\
                RINV-00000400001,2022-01-03,2190,86668,-2,-6.67\n\
                RINV-00000400002,2022-01-03,2190,32231,2,16.80\n\
                INV-00000500001,2022-01-04,2190,86668,1,3.33\n";
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, Source::from_reader("orders", std::io::Cursor::new(file.as_bytes())));
    assert_eq!(report.left_out, []);
    assert_eq!((report.taken.of(Kind::Received), report.taken.of(Kind::SentBack)), (4, 2));
    assert_eq!(shelf.moved_documents, 5);
    let moved = |movement| shelf.moved.get(&movement).copied().unwrap_or_default();
    assert_eq!(moved(Movement::Received), (6_000, 2161));
    assert_eq!(moved(Movement::SentBack), (2_000, 667));
    assert_eq!(moved(Movement::TakenBack), (2_000, 1680));
    let again = bring(&mut shelf, Source::from_reader("orders", std::io::Cursor::new(file.as_bytes())));
    assert_eq!((again.taken.total(), again.already_known), (0, 6));
}

/// The real file ties out to the bottle and the cent.
#[test]
fn ten_months_of_real_orders_tie_out() {
    let Some(path) = data("iowa_liquor_2022.csv.zst") else { return };
    let mut shelf = Shelf::default();
    let report = bring(&mut shelf, Source::open(&path).unwrap());
    assert_eq!((report.rows, report.accounted()), (784_688, 784_688));
    assert_eq!((report.taken.of(Kind::Received), report.taken.of(Kind::SentBack)), (784_081, 607));
    let moved = |movement| shelf.moved[&movement];
    assert_eq!(moved(Movement::Received), (10_344_833_000, 16_201_004_813));
    let (sent, taken) = (moved(Movement::SentBack), moved(Movement::TakenBack));
    assert_eq!((sent.0 - taken.0, sent.1 - taken.1), (6_705_000, 10_526_463));
    assert_eq!(shelf.sites().len(), 342);
}
