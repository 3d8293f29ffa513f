//! Figures of HQ's, as JSON: the shared verbs on a replica of headquarters.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use guicang_cli::config::Config;
use guicang_cli::output::Streams;
use guicang_cli::verbs::exception::ListArgs;
use guicang_cli::verbs::totals::TotalsArgs;
use guicang_cli::{Format, GlobalArgs, Globals, Language};
use guicang_domain::adjustment::Movement;
use guicang_domain::ids::{ReceiptId, SiteId, UserName};
use guicang_domain::money::Currency;
use guicang_domain::quantity::Quantity;
use guicang_domain::time::{Moment, Recorded, Zone};
use guicang_replica::{Adjust, Ambient, By, CounterReturn, Founding, Item, Replica, SiteDraft};
use guicang_sync::grant::{Grant, Issuer, Role, SignedGrant};
use guicang_sync::keys::DeviceKey;
use serde_json::{Value, json};

use crate::support::{Sink, fill, now};

/// HQ of an organisation with one site, S01; its relay is a grant alone.
fn headquarters(folder: &std::path::Path, days: &Arc<AtomicI64>) -> Replica {
    let organisation = DeviceKey::from_seed([1; 32]);
    let grant = Grant {
        organisation: organisation.organisation(),
        key: DeviceKey::from_seed([2; 32]).public(),
        code: "HQ".parse().unwrap(),
        role: Role::Hq,
        from: now(),
        until: None,
        serial: Recorded::new(now(), 0),
        successor_of: None,
    };
    let founding = Founding {
        organisation: organisation.public(),
        name: "Orchard".into(),
        key_seed: [2; 32],
        grants: vec![SignedGrant::sign(&organisation, Issuer::Organisation, &grant)],
        zone: Zone::SHANGHAI,
        currency: Currency::CNY,
        relay_url: None,
    };
    let days = days.clone();
    let later = move || Moment(now().0 + days.load(Ordering::SeqCst) * 86_400_000);
    let ambient = Ambient { now: Box::new(later), fill: Box::new(fill), machine: None };
    let mut replica = Replica::create(&folder.join("hq.guicang"), founding, ambient).unwrap();
    let code: SiteId = "S01".parse().unwrap();
    let draft = SiteDraft {
        code,
        name: "East".into(),
        address: None,
        return_address: None,
        zone: None,
        currency: None,
    };
    replica.put_site(draft).unwrap();
    replica
}

fn shown(verb: impl FnOnce(&Globals)) -> Value {
    let (out, err) = (Sink::default(), Sink::default());
    let streams = Streams { out: Box::new(out.clone()), err: Box::new(err), terminal: false };
    let args = GlobalArgs { lang: None, format: Some(Format::Json), json: false, user: None };
    let globals =
        Globals::new("guicang-server", Language::En, &args, &Config::default(), None, streams).unwrap();
    verb(&globals);
    serde_json::from_str(&out.text()).unwrap()
}

/// Totals and exceptions have these keys and no others; returns are positive, the net value below
/// zero where more came back than was sold.
#[test]
fn totals_and_exceptions_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let days = Arc::new(AtomicI64::new(0));
    let mut hq = headquarters(folder.path(), &days);
    let by = By::user(UserName::new("bob").unwrap());
    let site: Option<SiteId> = Some("S01".parse().unwrap());
    let adjust = Adjust {
        site: site.clone(),
        sku: "MUG".into(),
        lot: None,
        place: String::new(),
        movement: Movement::Opening,
        quantity: Quantity::units(50),
        reason: "count".parse().unwrap(),
        note: None,
        cost: None,
    };
    hq.adjust(&by, adjust.clone()).unwrap();
    let request = CounterReturn {
        site,
        receipt: Some(ReceiptId::parse("S01/1001", None).unwrap()),
        receipt_code: None,
        channel: "store".parse().unwrap(),
        customer: None,
        contact: None,
        items: vec![Item {
            sku: "MUG".into(),
            quantity: Quantity::units(2),
            price: Some("12.50".parse().unwrap()),
        }],
        reason: "defective".parse().unwrap(),
        note: None,
        goods_here: true,
        grades: Vec::new(),
        tags: None,
        refund: Some("wechat".parse().unwrap()),
        paid: false,
    };
    let done = hq.counter_return(&by, request).unwrap();

    let nothing = json!({"lines": 0, "quantity": "0", "value": "0.00"});
    let site = json!({
        "site": "S01",
        "name": "East",
        "complete_to": null,
        "documents": 2,
        "sales": nothing,
        "services": nothing,
        "returns": {"lines": 1, "quantity": "2", "value": "25.00"},
        "service_returns": nothing,
        "net_value": "-25.00",
        "movements": {
            "found": nothing,
            "written_off": nothing,
            "received": nothing,
            "sent_back": nothing,
            "opening": {"lines": 1, "quantity": "50", "value": "0.00"},
        },
        "currency": "CNY",
    });
    let totals = shown(|globals| TotalsArgs {}.run(&hq, globals).unwrap());
    assert_eq!(totals["schema"], "guicang.totals/1");
    assert_eq!(totals["items"][0], site);
    assert_eq!(totals["items"][1]["site"], Value::Null, "the last is for all sites");
    assert_eq!(totals["items"][1]["returns"], site["returns"]);

    // The sale doesn't come within the policy's seven days.
    days.store(7, Ordering::SeqCst);
    hq.adjust(&by, adjust).unwrap();
    let list = ListArgs { all: false, historic: false, kind: None };
    let exceptions = shown(|globals| list.run(&hq, globals).unwrap());
    let id = done.id.to_string();
    assert_eq!(
        exceptions,
        json!({
            "schema": "guicang.exception/1",
            "items": [{
                "id": format!("unverified_sale:{id}"),
                "kind": "unverified_sale",
                "state": "open",
                "historic": false,
                "sites": ["S01"],
                "documents": [id],
                "evidence": {"receipt": "S01/1001"},
                "loss": "0.00",
                "currency": "CNY",
                "loss_owner": null,
            }],
        })
    );
}
