//! Texts about money: the cash book, refunds that are due, losses, red invoices.

use std::fmt::Display;

names! {
    /// A shift's state.
    shift_state { "open": "进行中", "open"; "closed": "已交班", "closed"; }
    /// Which way cash went.
    cash_way { "in": "存入", "in"; "out": "取出", "out"; }
    /// Why.
    cash_reason {
        "change": "备用金", "change";
        "deposit": "缴款", "deposit";
        "expense": "零星支出", "expense";
        "other": "其他", "other";
    }
    /// Who bears a loss where nobody was named, and the other owners without a name of their own.
    loss_owner {
        "undecided": "未定", "undecided";
        "company": "公司", "company";
        "customer": "顾客", "customer";
    }
    /// A kind of document.
    document_kind {
        "return": "客户退货单", "return";
        "resolution": "对账处理", "resolution";
    }
}

texts! {
    /// Heading: the till.
    till() { zh: "收银台", en: "till" }
    /// Heading: the shift.
    shift() { zh: "班次", en: "shift" }
    /// Heading: the business date.
    date() { zh: "营业日", en: "date" }
    /// Heading: counted at the beginning.
    opening() { zh: "期初", en: "opening" }
    /// Heading: cash sales.
    cash_sales() { zh: "现金销售", en: "sales" }
    /// Heading: put in.
    paid_in() { zh: "存入", en: "in" }
    /// Heading: taken out.
    paid_out() { zh: "取出", en: "out" }
    /// Heading: cash refunds.
    cash_refunds() { zh: "现金退款", en: "refunds" }
    /// Heading: what should be there.
    expected() { zh: "应有", en: "expected" }
    /// Heading: what was counted.
    counted() { zh: "实点", en: "counted" }
    /// Heading: the difference now.
    difference() { zh: "长短款", en: "difference" }
    /// Heading: the difference as the close saw it.
    at_close() { zh: "交班时", en: "at close" }
    /// Heading: how many.
    shifts() { zh: "班数", en: "shifts" }
    /// Heading: goods arrived.
    arrived() { zh: "收货日", en: "arrived" }
    /// Heading: days late.
    overdue() { zh: "逾期天数", en: "days late" }
    /// Heading: still owed.
    owed() { zh: "未退", en: "owed" }
    /// Heading: a document.
    document() { zh: "单据", en: "document" }
    /// Heading: an amount.
    amount() { zh: "金额", en: "amount" }
}

texts! {
    /// A shift was opened.
    opened(number: &dyn Display, counted: &str, currency: &dyn Display) {
        zh: "已开班（{number}），期初现金 {counted} {currency}。",
        en: "Shift {number} is open with {counted} {currency}.",
    }
    /// Cash was moved.
    moved(number: &dyn Display, expected: &str, currency: &dyn Display) {
        zh: "已记入 {number}，现在应有现金 {expected} {currency}。",
        en: "Recorded in {number}; {expected} {currency} should be in the drawer now.",
    }
    /// A shift was closed and nothing differs.
    closed_even(number: &dyn Display) { zh: "已交班（{number}），账款相符。", en: "Shift {number} is closed; the count is right." }
    /// A shift was closed with more than there should be.
    closed_over(number: &dyn Display, difference: &str, currency: &dyn Display) {
        zh: "已交班（{number}），长款 {difference} {currency}。",
        en: "Shift {number} is closed, {difference} {currency} over.",
    }
    /// A shift was closed with less than there should be.
    closed_short(number: &dyn Display, difference: &str, currency: &dyn Display) {
        zh: "已交班（{number}），短款 {difference} {currency}。",
        en: "Shift {number} is closed, {difference} {currency} short.",
    }
    /// Something came after the close.
    addendum(at_close: &str, now: &str, currency: &dyn Display) {
        zh: "交班后有补记：交班时长短款 {at_close}，现在 {now} {currency}。",
        en: "Something came after the close: the difference was {at_close} then, and is {now} {currency} now.",
    }
    /// A payment that came after the close.
    late_payment(number: &str, amount: &str, time: &str) {
        zh: "  补记：{number} 现金退款 {amount}（{time}）",
        en: "  addendum: {number} refunded {amount} in cash at {time}",
    }
    /// A customer's payment that the close didn't see.
    late_receipt(number: &str, amount: &str, time: &str) {
        zh: "  补记：{number} 收现金 {amount}（{time}）",
        en: "  addendum: {number} took {amount} in cash at {time}",
    }
    /// A movement of a shift.
    move_line(n: usize, way: &str, amount: &str, why: &str, time: &str) {
        zh: "  第 {n} 笔：{way} {amount}，{why}（{time}）",
        en: "  {n}: {way} {amount}, {why}, at {time}",
    }
    /// A movement was taken back.
    move_reversed(number: &dyn Display) {
        zh: "{number} 的这笔存取已红字冲销，原记录保留。",
        en: "That movement of {number} is reversed; both stay on record.",
    }
    /// A close was taken back.
    close_reversed(number: &dyn Display) {
        zh: "{number} 的交班已红字冲销，班次重新打开，请重新点款交班。",
        en: "The close of {number} is reversed: the shift is open again; count and close it anew.",
    }
    /// A shift was taken back.
    shift_reversed(number: &dyn Display) {
        zh: "{number} 整班已红字冲销，不再计入现金账，原记录保留。",
        en: "{number} is reversed as a whole: it counts no more in the cash book, and stays on record.",
    }
    /// The shift was taken back before.
    shift_is_reversed(number: &str) {
        zh: "{number} 整班已红字冲销。",
        en: "{number} was reversed as a whole.",
    }
    /// The drawer was opened or closed by two devices.
    shift_conflict(number: &dyn Display) {
        zh: "{number} 被两台设备分别开班或交班，见异常列表。",
        en: "{number} was opened or closed by two devices while apart; see the exceptions.",
    }
    /// Refunds that are late, in all.
    late_line(late: usize, owed: &str) { zh: "逾期 {late} 笔，未退 {owed}。", en: "{late} late, {owed} owed on them." }
    /// The holidays of a year aren't known.
    calendar_unknown() {
        zh: "* 该年放假安排尚未录入，只按周末推算。",
        en: "* the holidays of that year aren't in the calendar yet; weekends alone were counted.",
    }
    /// A sum of losses.
    loss_sum(owner: &str, amount: &str, currency: &dyn Display) {
        zh: "{owner}：{amount} {currency}",
        en: "{owner}: {amount} {currency}",
    }
}

texts! {
    /// No such shift.
    unknown_shift(found: &str) { zh: "没有班次 {found:?}。", en: "There is no shift {found:?} here." }
    /// The drawer has one.
    shift_open(number: &str) {
        zh: "这个收银台已经开班（{number}）。",
        en: "This drawer has a shift already: {number}.",
    }
    /// It has ended.
    shift_closed(number: &str) {
        zh: "班次 {number} 已经交班。",
        en: "Shift {number} is closed and takes nothing more.",
    }
    /// None is open.
    no_shift(site: &dyn Display) { zh: "门店 {site} 没有进行中的班次。", en: "No shift is open at {site}." }
    /// Several are.
    several_shifts(found: &str) { zh: "有几个班次在进行：{found}。", en: "Several shifts are open: {found}." }
    /// Nothing to take back.
    nothing_to_redden(number: &str) {
        zh: "{number} 没有可以开红字发票的数量：未开蓝字发票、退货无效，或已全部申请。",
        en: "Nothing of {number} can be taken back by a red invoice: not invoiced, not valid, or all asked for.",
    }
    /// No tax rate.
    tax_unknown(receipt: &dyn Display, line: &str) {
        zh: "小票 {receipt} 第 {line} 行没有税率。",
        en: "Line {line} of receipt {receipt} says no tax rate.",
    }
    /// Next: where the rate comes from.
    tax_next() {
        zh: "税率随销售数据导入；请带税率重新导入这张小票。",
        en: "The rate comes with the sale: bring the receipt in with its tax rates.",
    }
    /// Next: see shifts.
    shifts_next(program: &str) { zh: "{program} cash list 列出班次。", en: "{program} cash list lists the shifts." }
    /// Next: open one.
    open_next(program: &str) {
        zh: "{program} cash open 500 开班，500 为点得的期初现金。",
        en: "{program} cash open 500 opens one; 500 is what was counted.",
    }
    /// Next: close it.
    close_next(program: &str, number: &str) {
        zh: "{program} cash close 800 --shift {number} 交班，800 为点得的现金。",
        en: "{program} cash close 800 --shift {number} closes it; 800 is what was counted.",
    }
    /// Next: look at it.
    show_shift_next(program: &str, number: &dyn Display) {
        zh: "{program} cash show {number} 查看这一班。",
        en: "{program} cash show {number} shows it.",
    }
    /// Next: name one.
    name_shift_next() { zh: "请用 --till 或 --shift 指定一个。", en: "Name one with --till or --shift." }
    /// Next: exceptions.
    losses_next(program: &str) {
        zh: "{program} exception list 列出待处理的异常；总部用 exception resolve 定承担方。",
        en: "{program} exception list shows what is undecided; HQ decides with exception resolve.",
    }
}

texts! {
    /// The profile.
    statement_profile(name: &str, detail: &str, known: &str) {
        zh: "对账单格式 {name} 不能用：{detail}。自带的有：{known}。",
        en: "The statement profile {name} can't be used: {detail}. There are: {known}.",
    }
    /// The file.
    statement_file(file: &dyn Display, detail: &str) {
        zh: "对账单 {file} 读不了：{detail}。请存为 UTF-8 的 CSV。",
        en: "The statement {file} can't be read: {detail}. It has to be CSV in UTF-8.",
    }
    /// A column is missing.
    statement_column(file: &dyn Display, wanted: &str, found: &str) {
        zh: "对账单 {file} 没有“{wanted}”这一列；它有：{found}。",
        en: "The statement {file} has no column {wanted}; it has: {found}.",
    }
    /// A row can't be read.
    statement_row(file: &dyn Display, line: u64, column: &str, found: &str) {
        zh: "对账单 {file} 第 {line} 行的“{column}”读不懂：{found:?}。整份都没有采用。",
        en: "The statement {file}, line {line}: {column} can't be read: {found:?}. Nothing of it was taken.",
    }
}
