//! Where a document's changes are, in words.

names! {
    /// Where a change stands.
    step {
        "written": "已记下，未封存", "written, not sealed";
        "sealed": "已封存，总部未收到", "sealed, not at HQ";
        "acknowledged": "总部已收到", "at HQ";
        "came": "由总部转来", "came from HQ";
        "carried": "由 U 盘带来，总部未确认", "came by a stick, not confirmed by HQ";
        "refused": "总部拒收", "refused by HQ";
        "reissued": "总部拒收，已重写", "refused by HQ, written again";
        "set_apart_by_relay": "总部另放", "set apart at HQ";
        "set_apart_here": "检查未过，另放", "set apart by a check here";
    }
    /// What to do about it.
    step_next {
        "written": "等下一次同步：guicang sync；没有网就 guicang export-changes 文件。", "It waits for the next sync: guicang sync; without a line, guicang export-changes FILE.";
        "sealed": "等总部确认：guicang sync；没有网就 guicang export-changes 文件。", "It waits for HQ's word: guicang sync; without a line, guicang export-changes FILE.";
        "carried": "等写它的门店同步，或把 U 盘带去总部。", "It waits for the branch that wrote it to sync, or for the stick to come to HQ.";
        "refused": "请重新办理这张单据；原因见规则。", "Record it anew; the rule says why.";
        "set_apart_by_relay": "等总部决定是否收下这台设备的改动。", "It waits for HQ to decide on that device's changes.";
        "set_apart_here": "装新版本后再试；仍不行请带上支持人员要的资料。", "Try again with a newer version; then ask support.";
    }
}

texts! {
    /// No document of that number is held here.
    nothing(number: &str) {
        zh: "这里没有单号为 {number} 的单据。",
        en: "No document of the number {number} is held here.",
    }
    /// Where to look for it.
    nothing_next() {
        zh: "请到写它的门店查：guicang trace 单号；单号里有写它的设备编码。",
        en: "Ask at the branch that wrote it: guicang trace NUMBER; the number names the device that wrote it.",
    }
    /// The device that may still have it.
    writer(code: &str, last_sync: &str, unsent: &str) {
        zh: "单号中的设备 {code} 最后一次同步是 {last_sync}，当时还有 {unsent} 个改动没送来。",
        en: "The number's device {code} last synced at {last_sync}, and then held back {unsent} changes.",
    }
    /// Heads a document.
    document(id: &str, sites: &str) {
        zh: "单据 {id}，门店：{sites}",
        en: "Document {id}, sites: {sites}",
    }
    /// The heading of a change.
    change() { zh: "改动", en: "change" }
    /// The heading of the device that wrote it.
    device() { zh: "设备", en: "device" }
    /// The heading of its journal entry.
    entry() { zh: "封包", en: "entry" }
    /// The heading of when it was sealed.
    sealed() { zh: "封存", en: "sealed" }
    /// The heading of when the relay first had it.
    stamped() { zh: "总部收到", en: "at HQ since" }
    /// The heading of where it stands in the feeds.
    feeds() { zh: "总部位置", en: "in feeds at" }
    /// The heading of the rule.
    rule() { zh: "规则", en: "rule" }
}
