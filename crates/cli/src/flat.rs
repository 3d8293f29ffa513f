//! Items as CSV and as JSON lines: the same keys as in JSON, for spreadsheets and for pipes.
//!
//! What surprises: a column is a path of keys (`refund.entitled`), in the order of the JSON, and the
//! columns are the union over all items, so that an item which lacks one leaves its cell empty. A
//! list of plain values is joined by `;`; a list of objects stays JSON in its cell, since repeating
//! the item for each of them would count its figures twice.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What Excel needs before UTF-8, or it takes Chinese for the system's own encoding.
pub const BOM: &str = "\u{feff}";

/// Writes each item as a line of JSON.
///
/// # Errors
/// What the writer says.
pub fn json_lines<T: Serialize>(items: &[T], out: &mut dyn Write) -> io::Result<()> {
    for item in items {
        writeln!(out, "{}", serde_json::to_string(item).expect("plain data"))?;
    }
    Ok(())
}

/// Writes items as CSV: RFC 4180 but for the line ends, which are LF. `headers` false leaves the
/// first line out, where one of the same items was written before. Without items nothing is written.
///
/// # Errors
/// What the writer says.
pub fn csv<T: Serialize>(items: &[T], headers: bool, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<(String, String)>> = items.iter().map(row).collect();
    let columns = columns(&rows);
    let mut writer = csv::Writer::from_writer(out);
    if headers && !columns.is_empty() {
        writer.write_record(&columns)?;
    }
    for row in &rows {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell);
        writer.write_record(columns.iter().map(cell))?;
    }
    writer.flush()
}

/// The columns of all rows, each after the one that it follows in the row which has it first.
fn columns(rows: &[Vec<(String, String)>]) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        let mut after = 0;
        for (name, _) in row {
            match columns.iter().position(|column| column == name) {
                Some(at) => after = at + 1,
                None => {
                    columns.insert(after, name);
                    after += 1;
                }
            }
        }
    }
    // What is an object in one item is null in another: the object's own columns say it all.
    let all = columns.clone();
    columns.retain(|column| !all.iter().any(|other| is_within(other, column)));
    columns
}

fn is_within(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
}

fn row<T: Serialize>(item: &T) -> Vec<(String, String)> {
    let text = serde_json::to_string(item).expect("plain data");
    let node: Node = serde_json::from_str(&text).expect("what was just written");
    let mut cells = Vec::new();
    node.flatten("", &mut cells);
    cells
}

/// A JSON value whose keys keep their order.
enum Node {
    Null,
    /// A text.
    Text(String),
    /// A number, true or false, as JSON has it.
    Bare(String),
    List(Vec<Node>, String),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn flatten(&self, path: &str, cells: &mut Vec<(String, String)>) {
        let name = || if path.is_empty() { "value".to_owned() } else { path.to_owned() };
        match self {
            Node::Null => cells.push((name(), String::new())),
            Node::Text(text) | Node::Bare(text) => cells.push((name(), text.clone())),
            Node::List(items, json) => {
                let plain: Option<Vec<&str>> = items
                    .iter()
                    .map(|item| match item {
                        Node::Text(text) | Node::Bare(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                cells.push((name(), plain.map_or_else(|| json.clone(), |texts| texts.join(";"))));
            }
            Node::Object(fields) => {
                for (key, node) in fields {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    node.flatten(&path, cells);
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bare(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Bare(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Bare(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Bare(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        let json = format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(","));
        Ok(Node::List(items, json))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Object(fields))
    }
}

/// A node within a list, as JSON again.
fn json(node: &Node) -> String {
    let text = |text: &str| serde_json::to_string(text).expect("a text");
    match node {
        Node::Null => "null".into(),
        Node::Text(plain) => text(plain),
        Node::Bare(bare) => bare.clone(),
        Node::List(_, json) => json.clone(),
        Node::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, node)| format!("{}:{}", text(key), json(node))).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Serialize)]
    struct Item {
        sku: &'static str,
        on_hand: &'static str,
        refund: Option<Refund>,
        states: Vec<&'static str>,
        lines: Vec<serde_json::Value>,
        open: bool,
    }

    #[derive(Serialize)]
    struct Refund {
        entitled: &'static str,
        paid: &'static str,
    }

    fn items() -> [Item; 2] {
        let bare = Item {
            sku: "00123",
            on_hand: "-2.5",
            refund: None,
            states: vec!["received", "inspected"],
            lines: Vec::new(),
            open: false,
        };
        let refunded = Item {
            sku: "茶,\"A\"",
            refund: Some(Refund { entitled: "12.00", paid: "0.00" }),
            lines: vec![json!({"n": 1, "sku": "T", "excess": null})],
            open: true,
            ..items_like(&bare)
        };
        [bare, refunded]
    }

    fn items_like(item: &Item) -> Item {
        Item { states: Vec::new(), lines: Vec::new(), refund: None, ..*item }
    }

    fn text(headers: bool) -> String {
        let mut out = Vec::new();
        csv(&items(), headers, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// What is an object in one item and absent in another has the object's columns in both; keys
    /// stand in the order of the JSON, and codes and decimals as they are.
    #[test]
    fn items_become_rows_whose_columns_are_paths() {
        assert_eq!(
            text(true),
            "sku,on_hand,refund.entitled,refund.paid,states,lines,open\n\
             00123,-2.5,,,received;inspected,,false\n\
             \"茶,\"\"A\"\"\",-2.5,12.00,0.00,,\"[{\"\"excess\"\":null,\"\"n\"\":1,\"\"sku\"\":\"\"T\"\"}]\",true\n"
        );
        assert_eq!(text(false).lines().count(), 2);
    }

    #[test]
    fn nothing_is_written_of_nothing() {
        let mut out = Vec::new();
        csv::<Item>(&[], true, &mut out).unwrap();
        json_lines::<Item>(&[], &mut out).unwrap();
        assert_eq!(out, b"");
    }

    #[test]
    fn each_item_is_a_line_of_json() {
        let mut out = Vec::new();
        json_lines(&items(), &mut out).unwrap();
        let lines: Vec<serde_json::Value> = out
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect();
        assert_eq!((lines.len(), &lines[1]["refund"]["entitled"]), (2, &json!("12.00")));
    }
}
