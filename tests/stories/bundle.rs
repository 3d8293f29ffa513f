//! The support bundle: nothing of the shop's secrets and people is in it.

use crate::programs::{Ended, Headquarters, words};

/// The bundles of a branch and of HQ, which hold a customer's name and phone, an article, amounts and their
/// devices' keys, have none of them.
#[test]
fn the_bundle_has_no_secrets() {
    let hq = Headquarters::open(&["A"]);
    let branch = hq.branch("A", &hq.address);
    branch.run(&words("stock adjust TEACUP --add 5 --as opening --reason count --note Zhangsanfeng")).ok();
    branch.run(&words(
        "return counter --item TEACUP=1 --price 20.37 --reason defective --customer c1 --name Zhangsanfeng --phone 13800001234 --refund cash --approved-by wang",
    ))
    .ok();
    branch.sync();
    let bundles = [("branch", branch.file.clone()), ("hq", hq.path("hq.sqlite"))];
    for (who, file) in bundles {
        let path = branch.file.with_file_name(format!("{who}.json"));
        let args = ["support-bundle", path.to_str().unwrap()];
        let ended: Ended = if who == "hq" { hq.run(&args) } else { branch.run(&args) };
        ended.ok();
        let bundle = std::fs::read_to_string(&path).unwrap();
        let file = rusqlite::Connection::open(file).unwrap();
        let seed: Vec<u8> = file.query_row("SELECT seed FROM self", [], |r| r.get(0)).unwrap();
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let lower = bundle.to_lowercase();
        for secret in [hex.as_str(), "zhangsanfeng", "13800001234", "teacup", "20.37"] {
            assert!(!lower.contains(secret), "{secret} is in {bundle}");
        }
        let json: serde_json::Value = serde_json::from_str(&bundle).unwrap();
        assert_eq!(
            (&json["findings"], &json["status"]["unsent_changes"]),
            (&serde_json::json!([]), &0.into())
        );
        assert!(json["file"]["rows"]["change"].as_u64().unwrap() >= 2);
    }
}
