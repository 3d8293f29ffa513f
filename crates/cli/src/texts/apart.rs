//! What is set apart, and what HQ admits, in words.

texts! {
    /// A change.
    change() { zh: "变更", en: "change" }
    /// A device.
    device() { zh: "设备", en: "device" }
    /// When a relay first had it.
    arrived() { zh: "收到时间", en: "arrived" }
    /// The rule.
    rule() { zh: "规则", en: "rule" }
    /// What can be done.
    remedy() { zh: "怎么办", en: "what can be done" }
    /// What it would add to its document.
    would_add(lines: usize, events: &str) {
        zh: "如计入：行 {lines} 条，事件：{events}",
        en: "It would add: {lines} lines; events: {events}",
    }
    /// It makes the document.
    would_begin(kind: &str, number: &str) {
        zh: "它是单据 {number}（{kind}）的第一条变更。",
        en: "It begins the document {number} ({kind}).",
    }
    /// It can't be looked at.
    cannot_look(detail: &str) { zh: "内容读不出：{detail}", en: "Its content can't be read: {detail}" }
    /// No events.
    no_events() { zh: "无", en: "none" }
    /// HQ admitted changes.
    admitted(count: usize, number: &str, left: usize) {
        zh: "已接纳 {count} 条变更（{number}）；这张单据还有 {left} 条不计入。",
        en: "Admitted {count} changes ({number}); {left} of this document still do not count.",
    }
    /// No such change.
    unknown_change(found: &str) {
        zh: "没有以 {found:?} 开头的搁置变更。",
        en: "No change that is set apart begins with {found:?}.",
    }
    /// Several such changes.
    ambiguous_change(found: &str, all: &str) {
        zh: "以 {found:?} 开头的搁置变更不止一条：{all}",
        en: "Several changes that are set apart begin with {found:?}: {all}",
    }
    /// Not for HQ's word.
    not_admissible(change: &str, rule: &str, remedy: &str) {
        zh: "变更 {change} 不能接纳：{rule}。{remedy}",
        en: "Change {change} can't be admitted: {rule}. {remedy}",
    }
}

names! {
    /// What can be done about a change that doesn't count.
    remedies {
        "admit": "总部可以接纳", "HQ may admit it";
        "admit_what_it_builds_on": "接纳它所依据的变更后随之计入", "it follows the change that it builds on";
        "newer_program": "换用新版程序后自动重试", "a newer program tries it again by itself";
        "record_anew": "不能接纳；请另行补录", "it can't be admitted; record anew what it meant";
        "by_its_device": "由原设备重新记录", "its device records it anew";
    }
    /// The rules by which a change is refused or set apart.
    rules {
        "withdrawn": "设备已停用", "its device was withdrawn";
        "not_yet": "设备尚未启用", "its device's right begins later";
        "depends_on_apart": "所依据的变更被搁置", "it builds on a change that is set apart";
        "depends_on_refused": "所依据的变更被拒收", "it builds on a change that was refused";
        "missing_dependency": "所依据的变更不在", "it builds on a change that isn't there";
        "foreign_site": "写了别店的单据", "its device writes for another site";
        "undecodable": "内容无法解码", "it can't be decoded";
        "not_canonical": "编码不规范", "its bytes aren't those of its content";
        "hash": "校验值不符", "its hash is false";
        "too_large": "过大", "it is too large";
        "too_complex": "结构过于复杂", "it is too complex";
        "malformed": "结构不对", "it is malformed";
        "does_not_apply": "无法并入单据", "it can't be applied";
        "second_first_change": "单据已有第一条变更", "its document has a first change already";
        "not_creator": "不是单据的创建设备", "only the creating device begins a document";
        "duplicate_seq": "序号重复", "its number is taken";
        "seq_gap": "序号不连续", "its number leaves a gap";
        "false_start_op": "操作编号不对", "its operations are numbered falsely";
        "foreign_actor": "冒用别的写入者", "it uses another's actor";
        "overwritten_event": "改写已有事件", "it overwrites an event";
        "overwritten_line": "改写已有明细", "it overwrites a line";
        "deleted_event": "删除已有事件", "it deletes an event";
        "deleted_line": "删除已有明细", "it deletes a line";
        "write_once_field": "改写只能写一次的字段", "it sets what only a first change may";
        "lowered_version": "调低了版本", "it lowers a version";
        "bad_event_id": "事件编号不对", "an event's id is none";
        "foreign_event": "以别的设备名义记事", "an event in another device's name";
        "hq_only": "只有总部设备可写", "only HQ's devices may write it";
        "other_site": "只有另一门店可写", "only another site's devices may write it";
        "unknown_kind": "单据种类未知", "a kind of document that this program does not know";
        "newer_rules": "需要新版程序", "it asks for a newer program";
        "unreadable": "单据读不出", "the document can't be read";
    }
}
