//! The texts about money that only the server shows: red invoices, statements, calendars; in both
//! languages side by side.

use std::fmt::Display;

names! {
    /// Where a red invoice stands.
    red_state {
        "queued": "待提交", "to be sent";
        "01": "01 无需确认", "01 needs no confirmation";
        "02": "02 待购方确认", "02 awaits the buyer";
        "03": "03 待销方确认", "03 awaits the seller";
        "04": "04 双方已确认", "04 confirmed";
        "05": "05 购方否认", "05 denied by the buyer";
        "06": "06 销方否认", "06 denied by the seller";
        "07": "07 超72小时作废", "07 void after 72 hours";
        "08": "08 已撤销", "08 withdrawn";
        "09": "09 确认后撤销", "09 withdrawn after confirmation";
        "10": "10 申请中", "10 applying";
        "issued": "已开具", "issued";
        "refused": "开票服务拒绝", "refused by the service";
        "dropped": "已撤回（退货不再有效）", "dropped: no longer valid";
    }
    /// What comparing found.
    finding {
        "matched": "一致", "matched";
        "missing_here": "我方没有", "missing here";
        "missing_there": "对方没有", "missing there";
        "other_amount": "金额不符", "other amount";
        "twice": "对方重复付款", "paid twice";
    }
    /// A kind of day.
    day_kind { "holiday": "放假", "holiday"; "working": "调休上班", "working"; }
}

texts! {
    /// Heading.
    return_heading() { zh: "退货单", en: "return" }
    /// Heading.
    blue_heading() { zh: "蓝字发票", en: "blue invoice" }
    /// Heading.
    red_heading() { zh: "红字发票", en: "red invoice" }
    /// Heading.
    amount_heading() { zh: "价税合计", en: "amount" }
    /// Heading.
    tax_heading() { zh: "税额", en: "tax" }
    /// Heading.
    rate_heading() { zh: "税率", en: "rate" }
    /// Heading.
    code_heading() { zh: "税收分类编码", en: "tax code" }
    /// Heading.
    expires_heading() { zh: "确认期限", en: "expires" }
    /// Heading.
    refund_heading() { zh: "退款号", en: "refund" }
    /// Heading.
    finding_heading() { zh: "结果", en: "finding" }
    /// Heading.
    ours_heading() { zh: "我方", en: "ours" }
    /// Heading.
    theirs_heading() { zh: "对方", en: "theirs" }
    /// Heading.
    date_heading() { zh: "日期", en: "date" }
    /// Heading.
    day_heading() { zh: "安排", en: "day" }
}

texts! {
    /// No such red invoice.
    unknown_red(found: &str) { zh: "没有红字发票单据 {found:?}。", en: "There is no red invoice {found:?}." }
    /// One in a sentence.
    red_line(number: &str, state: &str, amount: &str, tax: &str) {
        zh: "{number}：{state}，价税合计 -{amount}，其中税额 -{tax}。",
        en: "{number}: {state}, -{amount} with -{tax} of tax in it.",
    }
    /// What a run did.
    red_run_line(requested: usize, issued: usize, waiting: usize, over: usize, unanswered: usize) {
        zh: "新申请 {requested} 张，开具 {issued} 张，等待 {waiting} 张，作废 {over} 张，无应答 {unanswered} 张。",
        en: "{requested} asked for, {issued} issued, {waiting} waiting, {over} over, {unanswered} without answer.",
    }
    /// A sale without tax rate.
    red_tax_unknown(number: &str, receipt: &str, line: &str) {
        zh: "{number} 没有申请：小票 {receipt} 第 {line} 行没有税率。",
        en: "{number} was not asked for: line {line} of receipt {receipt} says no tax rate.",
    }
    /// Confirmed, and no longer so.
    red_held(number: &str) {
        zh: "{number} 已确认，但退货数量不再有效，没有开具；请核对后撤销确认单。",
        en: "{number} is confirmed, but the return is no longer valid as asked for; it was not issued.",
    }
    /// The service.
    service_failed(detail: &dyn Display) { zh: "开票服务出错：{detail}", en: "The invoicing service failed: {detail}" }
    /// Next: run.
    invoice_run_next() {
        zh: "guicang-server invoice run 申请并开具；可随时再执行，不会重复开票。",
        en: "guicang-server invoice run asks for them and issues them; nothing is ever issued twice.",
    }
    /// Next: list.
    invoice_list_next() {
        zh: "guicang-server invoice list 列出红字发票。",
        en: "guicang-server invoice list lists red invoices.",
    }
}

texts! {
    /// A kind of finding, summed.
    statement_sum(found: &str, count: u64, ours: &str, theirs: &str) {
        zh: "{found}：{count} 笔，我方 {ours}，对方 {theirs}",
        en: "{found}: {count}, ours {ours}, theirs {theirs}",
    }
    /// All of it.
    statement_total(ours: &str, theirs: &str, difference: &str, currency: &str) {
        zh: "合计：我方 {ours}，对方 {theirs}，相差 {difference} {currency}。",
        en: "In all: ours {ours}, theirs {theirs}, difference {difference} {currency}.",
    }
    /// Nothing to compare.
    statement_empty(file: &dyn Display) {
        zh: "对账单 {file} 里没有已付的退款。",
        en: "The statement {file} has no refund that was paid.",
    }
    /// Next: say the days.
    statement_days_next() {
        zh: "如果这几天确实没有退款，请用 --from 和 --to 写明日期。",
        en: "If there were none, say which days it covers with --from and --to.",
    }
    /// Next: look into it.
    statement_next() {
        zh: "逐笔核对；渠道尚未应答的，先执行 guicang-server payout run，再对一次账。",
        en: "Look into each; where the rail's word is awaited, run guicang-server payout run and compare again.",
    }
    /// Next: none.
    statement_settled_next() {
        zh: "账已对平；guicang-server payout run 支付其余应退款。",
        en: "It ties out; guicang-server payout run pays what else is due.",
    }
}

texts! {
    /// The notice has not come.
    year_unknown(year: i32) {
        zh: "{year} 年的放假安排尚未录入，暂只按周末推算。",
        en: "The holidays of {year} aren't in the calendar yet; weekends alone count.",
    }
    /// Set.
    days_set(count: usize) { zh: "已设置 {count} 天。", en: "{count} set." }
    /// Nothing differs.
    days_same() { zh: "与原来相同，没有改动。", en: "They are so already." }
    /// Next: set.
    calendar_next() {
        zh: "guicang-server calendar set holiday 日期… 设置放假，working 设置调休上班。",
        en: "guicang-server calendar set holiday DATE... sets holidays; `working` those worked instead.",
    }
    /// Next: list.
    calendar_list_next() {
        zh: "guicang-server calendar list 查看日历。",
        en: "guicang-server calendar list shows the calendar.",
    }
}
