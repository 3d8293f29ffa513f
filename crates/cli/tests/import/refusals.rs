//! What bad input gets: a sentence that names what was found and what is wanted, and nothing
//! written.

use std::io::{Cursor, Read};

use guicang_cli::import::{ImportError, Options, ROW_BYTES, Source, import};

use crate::stories::{HEADER, bring_text, uci};
use crate::target::Shelf;

/// Refused before anything is written.
fn refused(bytes: impl Into<Vec<u8>>) -> String {
    let mut shelf = Shelf::default();
    let error = bring_text(&mut shelf, bytes).unwrap_err();
    assert_eq!(shelf.batches, 0);
    error.to_string()
}

#[test]
fn a_file_that_is_no_csv_is_refused() {
    let wanted = "wanted UTF-8 text with headers in its first line, plain or zstd";
    assert_eq!(refused(""), format!("made up is no CSV: found an empty file, {wanted}"));
    assert!(refused(b"PK\x03\x04\x14\x00\x06\x00".to_vec()).contains("control characters"));
    assert!(refused(b"\x89PNG\r\n\x1a\n".to_vec()).contains("isn't UTF-8"));
    assert!(refused(b"\x28\xb5\x2f\xfdnonsense and more of it".to_vec()).contains("can't be unpacked"));
    assert!(refused(vec![b'x'; 3 * ROW_BYTES]).contains("a first line over 1 MiB"));
}

#[test]
fn a_file_of_another_profile_is_refused_by_its_headers() {
    assert_eq!(
        refused(HEADER.replace("UnitPrice", "Price").replace("Country", "Shop")),
        "made up isn't a file of the profile uci-online-retail: missing are UnitPrice, Country; found the \
         headers InvoiceNo, StockCode, Description, Quantity, InvoiceDate, Price, CustomerID, Shop"
    );
    assert!(refused(HEADER.replace(',', ";")).contains("found the headers InvoiceNo;StockCode;"));
    assert!(refused(format!("Country,{HEADER}")).contains("more than once there are Country"));
}

/// A row that can't be read is left out and named; its neighbours are taken.
#[test]
fn bad_rows_are_left_out_by_line_column_and_reason() {
    let mut text = Vec::from(HEADER);
    for row in [
        &b"1,A1,X,1,2011-01-01T10:00:00,2.00,7,EIRE"[..],
        b"2,A1,X,one,2011-01-01T10:00:00,2.00,7,EIRE",
        b"3,A1,X,1,01/02/2011,2.00,7,EIRE",
        b"4,A1,X,1,2011-01-01T10:00:00,2.00001,7,EIRE",
        b"5,A1,X,1,2011-01-01T10:00:00,2.00,7",
        b"6,A1,caf\xe9,1,2011-01-01T10:00:00,2.00,7,EIRE",
        b"7,,X,1,2011-01-01T10:00:00,2.00,7,EIRE",
        b"8,A1,\"two\nlines\",1,2011-01-01T10:00:00,2.00,7,EIRE",
        b"9,A1,X,0,2011-01-01T10:00:00,2.00,7,EIRE",
        b"10/1,A1,X,1,2011-01-01T10:00:00,2.00,7,EIRE",
        b"11,A1,X,1,2011-01-01T10:00:00,-2.00,7,EIRE",
        b"",
        b"12,A1,X,1,2011-01-01T10:00:00,2.00,7,",
    ] {
        text.extend_from_slice(row);
        text.extend_from_slice(b"\r\n");
    }
    let mut shelf = Shelf::default();
    let report = bring_text(&mut shelf, text).unwrap();
    let named: Vec<String> = report
        .left_out
        .iter()
        .map(|r| format!("{} {} {}: {:?}, wanted {}", r.line, r.reason, r.column, r.found, r.wanted))
        .collect();
    assert_eq!(
        named,
        [
            "3 bad_quantity Quantity: \"one\", wanted a number with at most 3 decimals",
            "4 bad_time InvoiceDate: \"01/02/2011\", wanted a time as %Y-%m-%dT%H:%M:%S",
            "5 bad_price UnitPrice: \"2.00001\", wanted a number with at most 4 decimals",
            "6 wrong_number_of_fields : \"7 fields\", wanted 8 fields, as in the first line",
            "7 not_utf8 Description: \"a byte at position 3 that isn't UTF-8\", wanted UTF-8 text",
            "8 bad_code StockCode: \"\", wanted 1 to 64 bytes without control characters",
            "11 bad_quantity Quantity: \"0\", wanted a number above zero in a row of kind sale",
            "12 bad_receipt InvoiceNo: \"10/1\", wanted 1 to 40 bytes without '/' or control characters",
            "13 bad_price UnitPrice: \"-2\", wanted zero or more",
            "15 bad_site Country: \"\", wanted 1 to 40 bytes without '/' or control characters",
        ]
    );
    assert_eq!((report.rows, report.taken.total(), report.accounted()), (12, 2, 12));
    assert_eq!(shelf.rows.len(), 2);
}

/// A quote that is never closed must not bring the rest of the file into memory.
#[test]
fn a_row_that_never_ends_stops_the_import() {
    let endless =
        Cursor::new(format!("{HEADER}1,A1,\"never closed,").into_bytes()).chain(std::io::repeat(b'x'));
    let mut shelf = Shelf::default();
    let source = Source::from_reader("endless", endless);
    let error = import(&mut shelf, source, &uci(), &Options::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ImportError::RowTooLong { line: 2, .. }), "{error}");
}

/// A name as long as a book is a file gone wrong, and would make a document that can't travel.
#[test]
fn a_name_without_end_is_left_out() {
    let text = format!("{HEADER}1,A1,{},1,2011-01-01T10:00:00,2.00,7,EIRE\n", "x".repeat(1001));
    let report = bring_text(&mut Shelf::default(), text).unwrap();
    assert_eq!(report.left_out[0].reason, "bad_name");
    assert_eq!(report.left_out[0].found.len(), 80);
}

/// A packed file that breaks off says so; it isn't taken for a short one.
#[test]
fn a_packed_file_that_breaks_off_is_an_error() {
    let rows = (0..50_000).map(|n| format!("{n},A{n},X,1,2011-01-01T10:00:00,2.00,7,EIRE\n"));
    let packed = zstd::encode_all(format!("{HEADER}{}", rows.collect::<String>()).as_bytes(), 3).unwrap();
    let mut shelf = Shelf::default();
    let error = bring_text(&mut shelf, &packed[..packed.len() / 2]).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }), "{error}");
}

#[test]
fn more_bad_rows_than_are_listed_are_counted() {
    let text = format!("{HEADER}{}", "1,A1,X,?,2011-01-01T10:00:00,2.00,7,EIRE\n".repeat(1500));
    let report = bring_text(&mut Shelf::default(), text).unwrap();
    assert_eq!((report.left_out.len(), report.left_out_more), (1000, 500));
    assert_eq!(report.skipped["bad_quantity"], 1500);
}
