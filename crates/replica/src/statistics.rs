//! What SQLite's planner is to believe of the tables: that the organisation tells nothing apart.
//!
//! Each key and index begins with the organisation, and a file has one. Without statistics SQLite takes
//! an index's first column to leave some ten rows, and walks a whole table by its primary key where an
//! index on (org, document) would do: a return's fold then costs as much as there is history. What
//! surprises: these are no counts of anything. They are what holds of any shop that has been open for a
//! while, so plans are the same in every file and don't change under anybody's hands.

use rusqlite::{Connection, params};

/// Rows of a table, and of a partial index, which holds what waits for somebody.
const ROWS: u64 = 1_000_000;
const ROWS_THAT_WAIT: u64 = 1_000;

/// How many values a column has, where they are few; any other has so many that [`MANY`] tells.
const FEW: &[(&str, u64)] = &[
    ("historic", 2),
    ("counts", 2),
    ("place", 2),
    ("lot", 2),
    ("status", 5),
    ("till", 5),
    ("account", 10),
    ("kind", 10),
    ("site", 100),
    ("sender", 100),
    ("receiver", 100),
    ("supplier", 100),
];
const MANY: u64 = 50_000;

/// Tells the planner about every index; after a migration, since that may make new ones.
pub(crate) fn describe(db: &Connection) -> rusqlite::Result<()> {
    // Makes the table of statistics, if there is none.
    db.execute_batch("ANALYZE; DELETE FROM sqlite_stat1")?;
    let mut indexes = db.prepare(
        "SELECT t.name, i.name, i.\"unique\", i.partial FROM sqlite_schema t, pragma_index_list(t.name) i
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    )?;
    let mut columns = db.prepare("SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno")?;
    let mut insert = db.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)")?;
    let mut rows = indexes.query([])?;
    while let Some(row) = rows.next()? {
        let (table, index): (String, String) = (row.get(0)?, row.get(1)?);
        let (unique, partial): (bool, bool) = (row.get(2)?, row.get(3)?);
        let names: Vec<String> = columns.query_map([&index], |r| r.get(0))?.collect::<Result<_, _>>()?;
        if names.first().is_some_and(|first| first == "org") {
            insert.execute(params![table, index, stat(&names, unique, partial)])?;
        }
    }
    db.execute_batch("ANALYZE sqlite_schema")
}

/// How many rows there are, then how many are left when the first column is known, the first two...
fn stat(columns: &[String], unique: bool, partial: bool) -> String {
    let rows = if partial { ROWS_THAT_WAIT } else { ROWS };
    let mut left = vec![rows, rows];
    for column in &columns[1..] {
        let values = FEW.iter().find(|(name, _)| name == column).map_or(MANY, |(_, values)| *values);
        left.push((left[left.len() - 1] / values).max(2));
    }
    if let (true, Some(last)) = (unique, left.last_mut()) {
        *last = 1;
    }
    left.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(db: &Connection, sql: &str) -> Vec<String> {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        statement.query_map([], |r| r.get(3)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn described() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema/0001.sql")).unwrap();
        describe(&db).unwrap();
        db
    }

    /// What belongs to a document is found by the document, not by a walk over the organisation's rows.
    #[test]
    fn a_documents_rows_are_found_by_the_document() {
        let db = described();
        for sql in [
            "SELECT sum(entitled) FROM line_claim WHERE org = 1 AND document = 2 AND counts = 1",
            "SELECT sum(valid) FROM line_claim WHERE org = 1 AND document = 2 AND position = 3",
            "SELECT DISTINCT bucket FROM posting WHERE org = 1 AND document = 2",
            "SELECT 1 FROM row_claim WHERE org = 1 AND document = 2",
            "SELECT min(paid) FROM return_head WHERE org = 1 AND document = 2",
        ] {
            let plan = plan(&db, sql);
            assert!(plan.iter().any(|step| step.contains("(org=? AND document=?")), "{sql}: {plan:?}");
        }
    }

    /// What HQ's page asks at each load is answered by an index that holds just what it is about: exposure by
    /// the window's receipts, recounts by the counts that a posting is near to.
    #[test]
    fn the_pages_questions_walk_no_history() {
        let db = described();
        for (sql, by) in [
            (
                "SELECT sum(open_lines), count(*), sum(open_worth), max(worst_worth) FROM receipt
                 WHERE org = 1 AND currency = 'CNY' AND occurred >= 3 AND open_lines > 0",
                "COVERING INDEX receipt_open (org=? AND currency=? AND occurred>?)",
            ),
            (
                "SELECT document FROM count_bucket c WHERE c.org = 1 AND c.near <= 5",
                "count_bucket_near (org=? AND near<?)",
            ),
            ("SELECT document FROM line_claim WHERE org = 1 AND twin", "line_claim_twin (org=?)"),
            ("SELECT document FROM sale_changed WHERE org = 1", "PRIMARY KEY (org=?)"),
            (
                "SELECT document FROM return_head WHERE org = 1 AND overspent IS NOT NULL",
                "return_overspent (org=?)",
            ),
        ] {
            let plan = plan(&db, sql);
            assert!(plan.iter().any(|step| step.contains(by)), "{sql}: {plan:?}");
        }
    }

    #[test]
    fn the_same_again_is_no_other() {
        let db = described();
        let all = |db: &Connection| -> Vec<String> {
            let mut s = db.prepare("SELECT tbl || idx || stat FROM sqlite_stat1 ORDER BY 1").unwrap();
            s.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        let once = all(&db);
        describe(&db).unwrap();
        assert_eq!(all(&db), once);
        assert!(once.len() > 20);
    }
}
