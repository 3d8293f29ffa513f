//! Stocktakes, and an article's story: what was done, what went wrong, what can be done next.

use std::fmt::Display;

texts! {
    /// A count was opened.
    opened(number: &str) { zh: "盘点单 {number} 已开始。", en: "Count {number} is open." }
    /// A blind count goes on: the book isn't shown.
    being_counted(number: &str) {
        zh: "盲盘中（{number}），审核后显示",
        en: "being counted ({number}); shown once it is approved",
    }
    /// Something was scanned.
    scanned(number: &str, buckets: u64) {
        zh: "盘点单 {number}：已盘 {buckets} 项。",
        en: "Count {number}: {buckets} buckets counted so far.",
    }
    /// A bucket was counted again.
    recounted(number: &str, sku: &str) {
        zh: "盘点单 {number}：{sku} 已复盘。",
        en: "Count {number}: {sku} counted again.",
    }
    /// A count was closed; what nobody scanned is as it was.
    closed_leaving(number: &str, uncounted: usize) {
        zh: "盘点单 {number} 已盘完；账上有而没盘到的 {uncounted} 项不变。",
        en: "Count {number} is closed; {uncounted} buckets that the book has and nobody counted stay as they were.",
    }
    /// A count was closed; what nobody scanned is zero.
    closed_zeroing(number: &str, uncounted: usize) {
        zh: "盘点单 {number} 已盘完；账上有而没盘到的 {uncounted} 项按零记。",
        en: "Count {number} is closed; {uncounted} buckets that the book has and nobody counted are asserted as zero.",
    }
    /// A count was approved.
    approved(number: &str, gained: &dyn Display, lost: &dyn Display, value: &str, currency: &dyn Display) {
        zh: "盘点单 {number} 已审核：盘盈 {gained}，盘亏 {lost}，金额 {value} {currency}。",
        en: "Count {number} is approved: {gained} more, {lost} less than the book, worth {value} {currency}.",
    }
    /// What an approval would come to.
    would_approve(number: &str, gained: &dyn Display, lost: &dyn Display, value: &str, currency: &dyn Display) {
        zh: "试算：盘点单 {number} 盘盈 {gained}，盘亏 {lost}，金额 {value} {currency}；什么都没有写入。",
        en: "A dry run: count {number} has {gained} more, {lost} less than the book, worth {value} {currency}; nothing was written.",
    }
    /// A count was dropped.
    cancelled(number: &str) { zh: "盘点单 {number} 已作废。", en: "Count {number} is cancelled." }
    /// An approval was taken back.
    reversed(number: &str) {
        zh: "盘点单 {number} 的审核已红字冲销，库存按没有这次盘点计算。",
        en: "The approval of count {number} is taken back: stock is as if it hadn't been counted.",
    }
    /// The book is kept from the counters.
    blind() {
        zh: "盲盘：审核前不显示账面数。",
        en: "A blind count: the book is not shown before it is approved.",
    }
    /// Some buckets should be counted again.
    recounts(buckets: u64) {
        zh: "{buckets} 项在盘点期间有进出（或时钟不准说不清），请复盘。",
        en: "{buckets} buckets were moved while they were counted, or may have been: count them again.",
    }
    /// Variances changed since the approval.
    re_explained(buckets: u64) {
        zh: "{buckets} 项的差异在审核后被迟到的单据改写；库存仍以盘点为准。",
        en: "{buckets} variances were re-explained since the approval by what came in late; the stock stands as counted.",
    }
    /// A plan was made or changed.
    planned(name: &str) { zh: "盘点计划“{name}”已保存。", en: "The count plan {name:?} is kept." }
    /// A plan is as it was.
    plan_same(name: &str) { zh: "盘点计划“{name}”没有变化。", en: "The count plan {name:?} is as it was." }
    /// Why a bucket should be counted again.
    moved_during(number: &str, at: &str, apart: i64) {
        zh: "{number} 于 {at} 动过它（时钟最多差 {apart} 秒）",
        en: "{number} moved it at {at} (the clocks may differ by {apart} s)",
    }
    /// Why a bucket should be counted again.
    unclear() {
        zh: "复盘时另一台设备的扫描还没到，不知是否已包含",
        en: "a scan of another device wasn't known when it was counted again",
    }
    /// What is counted.
    scope_full() { zh: "全盘", en: "full" }
    /// What is counted.
    scope_places(places: &str) { zh: "库位 {places}", en: "places {places}" }
    /// What is counted.
    scope_category(category: &str) { zh: "类别 {category}", en: "category {category}" }
    /// What is counted.
    scope_listed(listed: u64) { zh: "{listed} 个货号", en: "{listed} SKUs" }
}

texts! {
    /// No such plan.
    unknown_plan(found: &str, known: &str) {
        zh: "没有可用的盘点计划 {found:?}，可用的有：{known}。",
        en: "There is no count plan {found:?} for this site; there are: {known}.",
    }
    /// Not at this stage.
    wrong_stage(number: &str, stage: &str, wanted: &str) {
        zh: "盘点单 {number} 的状态是“{stage}”，这一步要求：{wanted}。",
        en: "Count {number} is {stage}; this takes one that is {wanted}.",
    }
    /// Not of this count.
    out_of_scope(number: &str, sku: &dyn Display, place: &str) {
        zh: "{sku}（库位“{place}”）不在盘点单 {number} 的范围内。",
        en: "{sku} at place {place:?} is not in the scope of count {number}.",
    }
    /// Nothing counted at all.
    nothing_counted(number: &str) {
        zh: "盘点单 {number} 还没有盘任何商品。",
        en: "Nothing was counted in {number}.",
    }
    /// Nothing counted of this article.
    sku_not_counted(number: &str, sku: &dyn Display) {
        zh: "盘点单 {number} 还没有盘过 {sku}，没有可以复盘的。",
        en: "{sku} was not counted in {number}: there is nothing to count again.",
    }
    /// The counter doesn't approve alone.
    approver_is_counter(number: &str, user: &str) {
        zh: "盘点单 {number} 是 {user} 一个人盘的，不能由本人审核。",
        en: "{user} alone has counted {number}, and can't approve it.",
    }
    /// Nothing has changed since.
    nothing_new(number: &str) {
        zh: "盘点单 {number} 已审核，此后没有变化。",
        en: "{number} was approved, and nothing has changed since.",
    }
    /// Too much for one event.
    too_many(found: usize, most: usize) {
        zh: "一次涉及 {found} 项，最多 {most} 项。",
        en: "{found} buckets at once; {most} at most.",
    }
    /// A file of scans has a bad line.
    bad_line(line: usize, found: &str) {
        zh: "第 {line} 行 {found:?} 不对，应为：货号，或 货号=数量。",
        en: "line {line}: found {found:?}, wanted SKU or SKU=QUANTITY.",
    }
    /// A file of scans can't be read.
    unreadable(path: &str, reason: &dyn Display) {
        zh: "文件 {path} 读不了：{reason}",
        en: "The file {path} can't be read: {reason}",
    }
}

texts! {
    /// Scan.
    next_scan(program: &str, number: &str) {
        zh: "{program} count scan {number} 货号=数量 … 录入盘点数；盘完 {program} count close {number}。",
        en: "{program} count scan {number} SKU=QTY ... records what is there; {program} count close {number} ends it.",
    }
    /// Approve.
    next_approve(program: &str, number: &str) {
        zh: "请另一人 {program} count approve {number} 审核（--dry-run 先看差异）。",
        en: "Have somebody else run {program} count approve {number} (--dry-run shows the variances first).",
    }
    /// Count again.
    next_recount(program: &str, number: &str) {
        zh: "{program} count show {number} --recount 列出要复盘的，再 {program} count recount {number} 货号=数量。",
        en: "{program} count show {number} --recount lists them; {program} count recount {number} SKU=QTY corrects each.",
    }
    /// Approve again.
    next_approve_again(program: &str, number: &str) {
        zh: "看过后可再次 {program} count approve {number}，记下新的差异。",
        en: "Once seen, {program} count approve {number} again takes note of the new variances.",
    }
    /// Split the count.
    next_split() {
        zh: "请按库位（--place）或类别（--category）分开盘。",
        en: "Count by place (--place) or by category (--category) instead.",
    }
    /// Open one.
    next_open(program: &str) {
        zh: "{program} count open 开始盘点。",
        en: "{program} count open begins one.",
    }
    /// Open one by a plan.
    next_open_plan(program: &str, plan: &str) {
        zh: "{program} count open --plan \"{plan}\" 按计划盘点。",
        en: "{program} count open --plan \"{plan}\" begins it.",
    }
    /// List them.
    next_list(program: &str) { zh: "{program} count list 列出盘点单。", en: "{program} count list lists the counts." }
    /// Show one.
    next_show(program: &str, number: &str) {
        zh: "{program} count show {number} 查看这张盘点单。",
        en: "{program} count show {number} shows this count.",
    }
    /// Make a plan.
    next_plan() {
        zh: "总部用 guicang-server count plan 名称 --every 30 制定计划。",
        en: "HQ makes plans: guicang-server count plan NAME --every 30.",
    }
    /// Tell an article's story.
    next_explain(program: &str, sku: &str) {
        zh: "{program} stock explain {sku} 查看来龙去脉。",
        en: "{program} stock explain {sku} tells how it came about.",
    }
}

names! {
    /// Where a count is.
    stage {
        "open": "盘点中", "open";
        "closed": "待审核", "closed";
        "approved": "已审核", "approved";
        "cancelled": "已作废", "cancelled";
    }
    /// What happened to goods, by the accounts they went between; a pair that isn't listed is told by
    /// the accounts' names.
    step {
        "opening>sellable": "期初", "opening";
        "supplier>sellable": "入库", "received";
        "sellable>supplier": "退供应商", "sent back";
        "variance>sellable": "报溢", "found";
        "sellable>variance": "报损", "written off";
        "sellable>customer": "售出", "sold";
        "customer>sellable": "退回上架", "came back, restocked";
        "customer>returns_hold": "顾客退回待检", "came back";
        "returns_hold>sellable": "质检后上架", "inspected, restocked";
        "returns_hold>defective": "质检为次品", "inspected, defective";
        "returns_hold>quarantine": "质检后隔离", "inspected, quarantined";
        "returns_hold>supplier_hold": "质检后待退供应商", "inspected, to go back to the supplier";
        "returns_hold>repair": "质检后送修", "inspected, to be repaired";
        "returns_hold>scrap": "质检后报废", "inspected, scrapped";
        "returns_hold>customer": "退还顾客", "given back";
        "sellable>in_transit": "调拨发出", "sent to another site";
        "in_transit>sellable": "调拨收到", "arrived from another site";
        ">sellable": "转入", "came in";
        "sellable>": "转出", "went out";
    }
}

texts! {
    /// Goods moved between accounts that have no word of their own.
    step_between(from: &str, to: &str) { zh: "{from} → {to}", en: "{from} to {to}" }
    /// A count in a story.
    step_counted(account: &str, counted: &dyn Display, book: &dyn Display, variance: &str) {
        zh: "盘点（{account}）：实盘 {counted}，账面 {book}，差异 {variance}",
        en: "counted ({account}): {counted}, book {book}, variance {variance}",
    }
    /// A late step in a story.
    step_late(count: &str, arrived: &str) {
        zh: "{arrived} 才到，改写了 {count} 的差异",
        en: "came in at {arrived}, re-explains {count}",
    }
    /// A step that only this device knows of.
    step_unsent() { zh: "未同步", en: "not synced yet" }
}

texts! {
    /// When it began.
    head_opened() { zh: "开始", en: "opened" }
    /// What is counted.
    head_scope() { zh: "范围", en: "scope" }
    /// Who counted.
    head_counters() { zh: "盘点人", en: "counted by" }
    /// Buckets.
    head_buckets() { zh: "项数", en: "buckets" }
    /// Counted.
    head_counted() { zh: "实盘", en: "counted" }
    /// Book.
    head_book() { zh: "账面", en: "book" }
    /// Variance.
    head_variance() { zh: "差异", en: "variance" }
    /// The variance that the approval saw.
    head_approved() { zh: "审核时差异", en: "approved" }
    /// Value of the variance.
    head_value() { zh: "差异金额", en: "value" }
    /// More than the book.
    head_gained() { zh: "盘盈", en: "more" }
    /// Less than the book.
    head_lost() { zh: "盘亏", en: "less" }
    /// Asked to be counted again.
    head_recount() { zh: "复盘", en: "recount" }
    /// A stock account.
    head_account() { zh: "状态", en: "account" }
    /// A plan.
    head_plan() { zh: "计划", en: "plan" }
    /// Every so many days.
    head_every() { zh: "周期（天）", en: "every (days)" }
    /// The day it is due.
    head_due() { zh: "应盘日", en: "due" }
    /// Days late.
    head_late() { zh: "逾期（天）", en: "days late" }
    /// The last one.
    head_last() { zh: "上次", en: "last" }
    /// The one going on.
    head_open() { zh: "进行中", en: "going on" }
    /// What happened.
    head_what() { zh: "事项", en: "what happened" }
    /// A remark.
    head_remark() { zh: "备注", en: "remark" }
}
