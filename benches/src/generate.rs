//! Returns of a farm shop, made up from a seed: 1 to 3 lines, Chinese and English, 20,000 SKUs.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use guicang_domain::time::Moment;

use crate::random::Random;
use crate::record::{Record, RecordLine};
use crate::ulid;

/// How many articles the chain has.
const SKUS: u64 = 20_000;

const ARTICLES: &[(&str, &str)] = &[
    ("尿素", "N46% 50kg"),
    ("磷酸二铵", "18-46 50kg"),
    ("杀菌剂", "50% WP 200g"),
    ("草甘膦", "41% 1L"),
    ("玉米种", "ZD958 2kg"),
    ("喷雾器", "16L manual"),
    ("地膜", "0.01mm 90cm"),
    ("滴灌带", "16mm 1000m"),
];
const NOTES: &[&str] = &[
    "未开封可再售",
    "批号与小票不符",
    "客户称买错规格",
    "结块受潮",
    "质量投诉待查",
    "换大包装",
    "过期三天",
    "外袋破损",
];
const REMARKS: &[&str] = &[
    "see photo 2",
    "checked by phone",
    "lot on hold",
    "refund approved",
    "second visit",
    "label torn",
    "ask supplier",
    "paid in two parts",
];
const SURNAMES: &[&str] = &["王", "李", "张", "刘", "陈", "杨", "黄", "周", "孙", "吴"];
const NAMES: &[&str] = &["伟", "芳", "娜", "静", "洋", "涛", "敏", "磊", "军", "霞"];
const CLERKS: &[&str] = &["jun", "xin", "hao", "mei", "ling", "lan", "fang", "ying", "tao", "bo"];
const REASONS: &[&str] = &["damaged", "wrong_item", "defective", "changed_mind", "expired", "recall"];
const TENDERS: &[&str] = &["cash", "card", "voucher", "wechat", "alipay"];
const STATUSES: &[&str] = &["draft", "submitted", "inspected", "refunded", "closed"];
const CONDITIONS: &[&str] = &["sealed", "opened", "damaged", "leaking"];
const DISPOSITIONS: &[&str] = &["restock", "scrap", "quarantine", "vendor_return"];

/// So many returns of one branch, half a minute apart, the last one a day before `until`.
pub fn records(seed: u64, store: &str, count: usize, until: Moment) -> Vec<Record> {
    let mut random = Random::of(seed);
    let apart_ms = 30_000;
    let first = until.0 - 86_400_000 - apart_ms * count as i64;
    (0..count).map(|n| record(&mut random, store, n, first + apart_ms * n as i64)).collect()
}

fn record(random: &mut Random, store: &str, n: usize, at_ms: i64) -> Record {
    let created = DateTime::<Utc>::from_timestamp_millis(at_ms + random.below(30_000) as i64)
        .unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    let sold = created - Duration::minutes(random.below(60 * 24 * 25) as i64 + 10);
    let text = |t: DateTime<Utc>| t.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut lines: Vec<RecordLine> = (0..=random.below(3)).map(|_| line(random)).collect();
    // A receipt has an article once; a return names the receipt's lines by article.
    lines.sort_by(|a, b| a.sku.cmp(&b.sku));
    lines.dedup_by(|a, b| a.sku == b.sku);
    let mut note = || format!("{}，{}", random.of_list(NOTES), random.of_list(REMARKS));
    let note = format!("{}；{}", note(), note());
    Record {
        id: ulid::text(created.timestamp_millis() as u64, random.bytes()),
        store_id: store.into(),
        till: format!("T{}", 1 + random.below(4)),
        // Numbered, so that each is another receipt.
        sale_no: format!("X{:011}", 26_000_000_000 + n as u64),
        sale_at: text(sold),
        status: (*random.of_list(STATUSES)).into(),
        reason: (*random.of_list(REASONS)).into(),
        condition: (*random.of_list(CONDITIONS)).into(),
        created_at: text(created),
        clerk: (*random.of_list(CLERKS)).into(),
        customer_name: format!("{}{}", random.of_list(SURNAMES), random.of_list(NAMES)),
        phone: format!("1{:010}", 3_000_000_000 + random.below(6_999_999_999)),
        tender: (*random.of_list(TENDERS)).into(),
        currency: "CNY".into(),
        refund_minor: lines.iter().map(|l| l.qty * l.unit_price_minor).sum(),
        restocked: random.below(2) == 0,
        note,
        lines,
    }
}

fn line(random: &mut Random) -> RecordLine {
    let sku = random.below(SKUS);
    let (name, spec) = ARTICLES[(sku % ARTICLES.len() as u64) as usize];
    RecordLine {
        sku: format!("SKU{sku:05}"),
        name: name.into(),
        spec: spec.into(),
        lot: format!("L2026{:02}-{:03}", 1 + random.below(12), random.below(1000)),
        qty: 1 + random.below(5) as i64,
        unit_price_minor: 500 + random.below(29_500) as i64,
        disposition: (*random.of_list(DISPOSITIONS)).into(),
    }
}
