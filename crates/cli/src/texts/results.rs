//! What a command did, in a sentence.

use std::fmt::Display;

texts! {
    /// A command on a return was done.
    return_done(number: &str, states: &str) {
        zh: "退货单 {number}：{states}。",
        en: "Return {number}: {states}.",
    }
    /// The sale isn't held here.
    return_provisional() {
        zh: "本店没有这笔销售，先暂记，待总部核实；核实前结果可能改变。",
        en: "The sale is not held here: the return is provisional until HQ has verified it.",
    }
    /// A share of a refund.
    refund_share(tender: &str, amount: &str, currency: &dyn Display) {
        zh: "退款：{tender} {amount} {currency}。",
        en: "Refund: {amount} {currency} by {tender}.",
    }
    /// A return's money.
    refund_line(entitled: &str, queued: &str, paid: &str, currency: &str) {
        zh: "应退 {entitled} {currency}，待付 {queued}，已付 {paid}",
        en: "entitled {entitled} {currency}, queued {queued}, paid {paid}",
    }
    /// By when; follows the money.
    refund_due(day: &str) { zh: "，最迟 {day} 付清", en: ", due by {day}" }
    /// What a rebuild came to.
    rebuilt(documents: u64, digest: &str) {
        zh: "已由 {documents} 张单据重建，摘要 {digest}",
        en: "rebuilt from {documents} documents, digest {digest}",
    }
    /// A rebuild changed nothing.
    rebuilt_equal() { zh: "重建前后一致。", en: "Equal before and after." }
    /// The word before a rebuild's progress.
    rebuilding() { zh: "重建中", en: "rebuilding" }
    /// The word before an examination's progress.
    examining() { zh: "检查中", en: "examining" }
    /// Nothing is wrong.
    healthy() { zh: "一切正常。", en: "All is well." }
    /// What the star means.
    uncounted() {
        zh: "* 尚未盘点：没有期初、入库或盘点可依据，数字只是收发的差额。",
        en: "* uncounted: no opening, delivery or count stands behind it; the figure is what came less what went.",
    }
    /// An adjustment was done.
    adjusted(number: &dyn Display, on_hand: &dyn Display, available: &dyn Display) {
        zh: "调整单 {number} 已记账：在手 {on_hand}，可售 {available}。",
        en: "Adjustment {number} recorded: on hand {on_hand}, available {available}.",
    }
    /// What of a receipt stays sold.
    net(net: &str, currency: &str) { zh: "净额 {net} {currency}", en: "net {net} {currency}" }
    /// What a line's evidence is about.
    sold_on(receipt: &dyn Display, line: &dyn Display, sold: &dyn Display) {
        zh: "小票 {receipt} 第 {line} 行售出 {sold}，退货依次为：",
        en: "receipt {receipt}, line {line}: {sold} sold; the claims in the order they stand:",
    }
    /// A refund's evidence.
    owed_and_paid(entitled: &str, paid: &str, currency: &dyn Display) {
        zh: "应退 {entitled} {currency}，实付 {paid} {currency}",
        en: "entitled {entitled} {currency}, paid {paid} {currency}",
    }
    /// A sale that nobody has seen.
    sale_unseen(receipt: &dyn Display) {
        zh: "还没有见到小票 {receipt} 的销售",
        en: "nobody has seen the sale of receipt {receipt} yet",
    }
    /// A return without receipt.
    no_receipt() { zh: "没有小票", en: "no receipt" }
}
