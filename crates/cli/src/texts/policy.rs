//! The policy in words: its fields, its grounds, what a version or a preview comes to.

use std::fmt::Display;

texts! {
    /// HQ has to approve.
    needs_hq(grounds: &str, policy: &str) {
        zh: "需要总部批准：{grounds}（政策 {policy}）。",
        en: "HQ has to approve: {grounds} (policy {policy}).",
    }
    /// Nobody may approve.
    refuses(grounds: &str, policy: &str) {
        zh: "政策不允许任何人批准：{grounds}（政策 {policy}）。",
        en: "The policy lets nobody approve: {grounds} (policy {policy}).",
    }
    /// What to do where HQ has to approve.
    have_hq_approve(program: &str) {
        zh: "用 {program} return open … 登记申请，同步后由总部 guicang-server return approve 批准。",
        en: "Record it with {program} return open ..., sync, and have HQ approve it: guicang-server return approve.",
    }
    /// What to do where nobody may approve.
    change_policy() {
        zh: "减少退货金额，或由总部设置新的政策版本（guicang-server policy set）。",
        en: "Take less back, or have HQ set another version of the policy (guicang-server policy set).",
    }
    /// A window below the law's.
    below_legal(field: &str, found: &dyn Display, days: u32, law: &str, name: &str) {
        zh: "{field} 为 {found}，低于法定下限 {days} 天（{law}，{name}）。什么都没有改动。",
        en: "{field} is {found}, below the {days} days that the law grants ({law}, {name}). Nothing was changed.",
    }
    /// The name of a version is taken.
    version_taken(version: &str) {
        zh: "政策版本 {version:?} 已存在且内容不同；版本定下后不再改动。",
        en: "There is a version {version:?} of the policy already, with other content; a version never changes.",
    }
    /// What to do about it.
    name_another() {
        zh: "请在文件里换一个 version 名称。",
        en: "Give it another `version` in the file.",
    }
    /// A file that isn't TOML.
    not_toml(file: &dyn Display, detail: &str) {
        zh: "{file} 不是有效的 TOML：{detail}。什么都没有改动。",
        en: "{file} is no TOML: {detail}. Nothing was changed.",
    }
    /// What to do about a file that can't be read.
    see_template(program: &str) {
        zh: "{program} policy show --format toml 打印一份可直接修改的文件。",
        en: "{program} policy show --format toml prints one to begin with.",
    }
    /// The ground that goods are never taken back.
    not_returnable() { zh: "此类商品不接受退货", en: "such goods are not taken back" }
    /// The manager's limit with its figure.
    manager_above(limit: &str, currency: &dyn Display) {
        zh: "金额超过经理权限 {limit} {currency}",
        en: "worth more than the {limit} {currency} that a manager may grant",
    }
    /// HQ's limit with its figure.
    hq_above(limit: &str, currency: &dyn Display) {
        zh: "金额超过总部权限 {limit} {currency}",
        en: "worth more than the {limit} {currency} that HQ may grant",
    }
    /// The branch's offline limit with its figures.
    unverified_branch(used: &str, limit: &str, currency: &dyn Display) {
        zh: "本店未核实退款已有 {used} {currency}，上限 {limit}",
        en: "{used} {currency} of unverified refunds stand at this branch, the limit is {limit}",
    }
    /// The day's offline limit with its figures.
    unverified_day(used: &str, limit: &str, currency: &dyn Display) {
        zh: "本店当日未核实退款已有 {used} {currency}，上限 {limit}",
        en: "{used} {currency} of unverified refunds were granted here today, the limit is {limit}",
    }
    /// Goods that were opened.
    opened() { zh: "要求未拆封", en: "the goods have to be unopened" }
    /// Goods that look too bad.
    grade_below(least: &dyn Display) { zh: "等级低于 {least}", en: "the goods are below grade {least}" }
    /// Goods without their tags.
    tags_missing() { zh: "吊牌缺失", en: "the tags are missing" }
    /// No receipt.
    receipt_missing() { zh: "要求出示小票", en: "a receipt is required" }
}

texts! {
    /// A version was set.
    set(version: &str, effective: &str) {
        zh: "政策版本 {version} 已设置，自 {effective} 起生效；各门店同步后执行。",
        en: "Version {version} of the policy is set, effective from {effective}; branches follow it once they have synced.",
    }
    /// Reasons or the law were changed.
    edited() { zh: "原因列表或法定期限已更新。", en: "Reasons or the law's windows were changed." }
    /// Nothing differs.
    unchanged() { zh: "没有变化。", en: "Nothing differs." }
    /// What a preview looked at.
    previewed(returns: u64, since: &str, until: &str) {
        zh: "{since} 至 {until} 的 {returns} 张退货单：",
        en: "{returns} returns from {since} to {until}:",
    }
    /// How many would have got something else.
    changed(count: usize) { zh: "结果会改变的 {count} 张：", en: "{count} of them would have got something else:" }
    /// None would.
    none_changed() { zh: "没有一张的结果会改变。", en: "None of them would have got anything else." }
    /// Days.
    days(days: u32) { zh: "{days} 天", en: "{days} days" }
    /// Working days.
    working_days(days: u32) { zh: "{days} 个工作日", en: "{days} working days" }
    /// Never.
    never() { zh: "不接受", en: "never" }
    /// Always in force.
    from_the_start() { zh: "初始", en: "from the start" }
    /// What the next step is.
    next_set(program: &str) {
        zh: "{program} policy show --format toml > policy.toml 修改后先 policy preview，再 policy set。",
        en: "{program} policy show --format toml > policy.toml; change it, then policy preview, then policy set.",
    }
    /// After a set.
    next_history(program: &str) {
        zh: "{program} policy history 查看各版本。",
        en: "{program} policy history lists the versions.",
    }
}

texts! {
    /// A field of the policy.
    field() { zh: "项目", en: "field" }
    /// Its value.
    value() { zh: "内容", en: "value" }
    /// A version.
    version() { zh: "版本", en: "version" }
    /// From when on.
    effective() { zh: "生效", en: "effective" }
    /// Who set it.
    set_by() { zh: "设置人", en: "set by" }
    /// When branches could know.
    known() { zh: "下发", en: "on the relay" }
    /// Whether it is in force.
    in_force() { zh: "当前", en: "in force" }
    /// A verdict.
    verdict() { zh: "结论", en: "verdict" }
    /// A ground.
    ground() { zh: "依据", en: "ground" }
    /// What was.
    got() { zh: "实际（张/金额）", en: "got (returns/value)" }
    /// What would have been.
    would() { zh: "按新政策（张/金额）", en: "would get (returns/value)" }
    /// What was asked for.
    asked() { zh: "金额", en: "value" }
    /// What was, of one return.
    was() { zh: "实际", en: "got" }
    /// What would have been, of one return.
    would_be() { zh: "按新政策", en: "would get" }
}

names! {
    /// A field of a policy.
    field_name {
        "version": "版本", "version";
        "effective": "生效", "effective";
        "windows": "退货期限", "window";
        "window": "特别期限", "special window";
        "condition": "条件", "condition";
        "tolerance": "称重允差", "weight tolerance";
        "limits.clerk": "店员权限", "clerk's limit";
        "limits.manager": "经理权限", "manager's limit";
        "limits.hq": "总部权限", "HQ's limit";
        "offline.receipt": "每张小票离线上限", "offline limit of a receipt";
        "offline.branch": "每家门店离线上限", "offline limit of a branch";
        "offline.day": "每日离线上限", "offline limit of a day";
        "refund_days": "退款期限", "refund due within";
        "verify_days": "核实期限", "sale to be verified within";
        "stale_days": "旧版本可继续使用", "good for, once replaced";
        "legal": "法定下限", "legal minimum";
        "reasons": "退货原因", "reason";
    }
    /// A class of reasons.
    class {
        "quality": "质量", "quality";
        "not_as_described": "描述不符", "not as described";
        "preference": "主观意愿", "preference";
        "logistics": "物流", "logistics";
        "recall": "召回", "recall";
        "other": "其他", "other";
    }
    /// A verdict.
    verdict_name {
        "approve": "自动通过", "by itself";
        "needs_manager": "需经理批准", "needs a manager";
        "needs_hq": "需总部批准", "needs HQ";
        "refuse": "不允许", "nobody may";
        "rejected": "已拒绝", "rejected";
        "open": "未决定", "not decided";
    }
}
