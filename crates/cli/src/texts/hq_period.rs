//! The texts about closing a period; in both languages side by side, as in [`super`].

use std::fmt::Display;

use crate::language::Language;
use crate::texts::{money, moves, names};

texts! {
    /// Heading.
    period() { zh: "月份", en: "period" }
    /// Heading.
    closed_at() { zh: "结账时间", en: "closed" }
    /// Heading.
    figure() { zh: "项目", en: "figure" }
    /// Heading.
    told_quantity() { zh: "本期数量", en: "told quantity" }
    /// Heading.
    told_value() { zh: "本期金额", en: "told value" }
    /// Heading.
    held_quantity() { zh: "累计数量", en: "to date quantity" }
    /// Heading.
    held_value() { zh: "累计金额", en: "to date value" }
    /// Heading.
    dated_quantity() { zh: "按日期数量", en: "by date quantity" }
    /// Heading.
    dated_value() { zh: "按日期金额", en: "by date value" }
    /// Heading.
    net_sales() { zh: "净销售额", en: "net sales" }
    /// Heading.
    sold() { zh: "销售额", en: "sales" }
    /// Heading.
    returned() { zh: "退货额", en: "returns" }
    /// Heading.
    lost() { zh: "损失", en: "losses" }
    /// Heading.
    unreported_heading() { zh: "未报全", en: "unreported" }
    /// Heading.
    late() { zh: "补到单据", en: "late" }
    /// Heading.
    recorded() { zh: "结账时", en: "recorded" }
    /// Heading.
    counted() { zh: "重算", en: "counted" }
    /// Closed, as a state.
    is_closed() { zh: "已结账", en: "closed" }
    /// Open, as a state.
    is_open() { zh: "未结账", en: "open" }
    /// The organisation's own.
    own() { zh: "总部", en: "organisation" }
}

texts! {
    /// Closed.
    closed(period: &dyn Display, number: &str, changes: u64, devices: usize) {
        zh: "{period} 已结账：{number}。依据 {devices} 台设备的 {changes} 条变更；之后补到的单据保留原日期，计入未结账的月份。",
        en: "{period} is closed: {number}, on {changes} changes of {devices} devices. What arrives later keeps its date and is told in the open period.",
    }
    /// Only looked at.
    would_close(period: &dyn Display) {
        zh: "试算 {period}，没有写入。",
        en: "{period} was only computed; nothing is written.",
    }
    /// A site hadn't reported.
    unreported(site: &dyn Display, until: &str) {
        zh: "注意：{site} 的数据只报到 {until}，本期可能还有单据未到。",
        en: "Note: {site} has reported up to {until} only; more of this period may come.",
    }
    /// A site was never heard of.
    never_reported(site: &dyn Display) {
        zh: "注意：{site} 从未上报，本期可能还有单据未到。",
        en: "Note: {site} has never reported; more of this period may come.",
    }
    /// Another close doesn't stand.
    loses(number: &dyn Display) {
        zh: "{number} 也结过这个月，排在后面，不算数；见 guicang-server exception list。",
        en: "{number} closed it too, ranks later and doesn't stand; see guicang-server exception list.",
    }
    /// What came late, summed.
    late_count(count: usize) {
        zh: "结账后补到 {count} 张日期在本期的单据，已计入之后的月份。",
        en: "{count} documents with a date in it came after the close and are told later.",
    }
    /// Equal.
    equal(period: &dyn Display, number: &dyn Display, changes: u64) {
        zh: "{period}（{number}）核对一致：按结账时的 {changes} 条变更重算，各项相等。",
        en: "{period} ({number}) is verified: folded anew from its {changes} changes, every figure is equal.",
    }
    /// The facts aren't the same.
    other_facts(period: &dyn Display, found: u64, wanted: u64) {
        zh: "{period} 结账所依据的变更不全相同：现有 {found} 条，应有 {wanted} 条。",
        en: "The changes that {period} was closed on are not the same: {found} are here, {wanted} were.",
    }
    /// Figures differ.
    differs(period: &dyn Display, count: usize) {
        zh: "{period} 有 {count} 项与结账时不符。",
        en: "{count} figures of {period} differ from what was recorded.",
    }
    /// Next: close.
    close_next(period: &dyn Display) {
        zh: "guicang-server period close {period} 结账。",
        en: "guicang-server period close {period} closes it.",
    }
    /// Next: show.
    show_next(period: &dyn Display) {
        zh: "guicang-server period show {period} 查看两种口径和补到的单据。",
        en: "guicang-server period show {period} shows both views and what came late.",
    }
    /// Next: verify.
    verify_next(period: &dyn Display) {
        zh: "guicang-server period verify {period} 按结账时的数据重算核对。",
        en: "guicang-server period verify {period} folds its facts anew and compares.",
    }
    /// Next: examine the file.
    doctor_next() {
        zh: "guicang-server doctor 检查文件。",
        en: "guicang-server doctor examines the file.",
    }
}

/// A figure's name: what is sold and comes back, an account of money, an account of stock.
pub fn figure_name(language: Language, figure: &str) -> String {
    let of = |zh: &str, en: &str| match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    };
    if let Some(account) = figure.strip_prefix("stock:") {
        return format!("{}{}", of("库存：", "stock: "), names::account(language, account));
    }
    if let Some(account) = figure.strip_prefix("money:") {
        return money_account(language, account);
    }
    match figure {
        "sales" => of("销售", "sales"),
        "services" => of("服务", "services"),
        "returns" => of("有效退货", "valid returns"),
        "service_returns" => of("服务退款", "services refunded"),
        "net_sales" => of("净销售", "net sales"),
        "cash_sales" => of("现金销售", "cash sales"),
        "cash_refunds" => of("现金退款", "cash refunds"),
        other => other.to_owned(),
    }
}

fn money_account(language: Language, account: &str) -> String {
    let of = |zh: &str, en: &str| match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    };
    match account.split_once(':') {
        Some(("tender", tender)) => {
            format!("{}{}", of("收付：", "tender: "), names::tender(language, tender))
        }
        Some(("loss", owner)) => format!("{}{}", of("损失：", "loss: "), money::loss_owner(language, owner)),
        Some(("cost", kind)) => format!("{}{}", of("退货费用：", "cost: "), moves::cost_kind(language, kind)),
        _ => match account {
            "net_sales" => of("账户：净销售", "account: net sales"),
            "refund_payable" => of("账户：应付退款", "account: refund payable"),
            "store_credit" => of("账户：储值", "account: store credit"),
            "deduction" => of("账户：扣款", "account: deduction"),
            "receivable" => of("账户：应收供应商", "account: receivable"),
            "claimed_goods" => of("账户：索赔商品", "account: claimed goods"),
            "supplier_credit" => of("账户：供应商贷记", "account: supplier credit"),
            other => format!("{}{other}", of("账户：", "account: ")),
        },
    }
}
