//! Why goods come back: the organisation's list of reasons, each of a class that has a window.

use std::collections::BTreeMap;

use crate::ids::ReasonCode;
use crate::words::words;

words! {
    /// The classes of reasons, each with a window of its own.
    ReasonClass, "reason class" {
        /// The goods are bad (质量).
        Quality = "quality",
        /// Not what was described or ordered (描述不符).
        NotAsDescribed = "not_as_described",
        /// The customer changed their mind (主观意愿).
        Preference = "preference",
        /// Carriage damaged or delayed it (物流).
        Logistics = "logistics",
        /// The maker called it back (召回).
        Recall = "recall",
        /// Anything else.
        Other = "other",
    }
}

/// A reason in the organisation's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its class.
    pub class: ReasonClass,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Who is to blame unless an inspection says otherwise: `supplier`, `store`, `carrier`,
    /// `customer`, `nobody`.
    pub blame: String,
    /// Where the goods usually go: `restock`, `quarantine`, `supplier`, `inspect`.
    pub route: String,
    /// Not to be given any more. It stays in the list, since returns name it.
    pub retired: bool,
}

/// The reasons of an organisation that has set none.
pub fn standard_reasons() -> BTreeMap<ReasonCode, Reason> {
    use ReasonClass::*;
    [
        ("defective", Quality, "功能故障", "Does not work", "supplier", "quarantine"),
        ("damaged", Quality, "破损", "Damaged", "supplier", "quarantine"),
        ("stained", Quality, "染色不均", "Stained or uneven colour", "supplier", "quarantine"),
        ("expired", Quality, "过期变质", "Expired or spoiled", "supplier", "quarantine"),
        ("missing_part", Quality, "缺件", "A part is missing", "supplier", "inspect"),
        ("wrong_item", NotAsDescribed, "发错货", "Wrong item", "store", "restock"),
        ("not_as_described", NotAsDescribed, "与描述不符", "Not as described", "store", "inspect"),
        ("size_chart", NotAsDescribed, "尺码表不符", "Size chart wrong", "store", "restock"),
        ("too_large", Preference, "偏大", "Too large", "customer", "restock"),
        ("too_small", Preference, "偏小", "Too small", "customer", "restock"),
        ("style", Preference, "款式不喜欢", "Style", "customer", "restock"),
        ("changed_mind", Preference, "不想要了", "Changed mind", "customer", "restock"),
        ("bought_too_many", Preference, "买多了", "Bought too many", "customer", "restock"),
        ("price", Preference, "价格原因", "Price", "customer", "restock"),
        ("transit_damage", Logistics, "运输损坏", "Damaged in transit", "carrier", "quarantine"),
        ("late", Logistics, "送达太晚", "Arrived late", "carrier", "restock"),
        ("recall", Recall, "召回", "Recalled", "supplier", "supplier"),
        ("entry_error", Other, "录入错误", "Entered by mistake", "store", "restock"),
        ("other", Other, "其他", "Other", "nobody", "inspect"),
        ("unknown", Other, "未注明", "Not stated", "nobody", "inspect"),
    ]
    .into_iter()
    .map(|(code, class, zh, en, blame, route)| {
        let reason = Reason {
            class,
            zh: zh.into(),
            en: en.into(),
            blame: blame.into(),
            route: route.into(),
            retired: false,
        };
        (ReasonCode::new(code).expect("a code of ours"), reason)
    })
    .collect()
}
