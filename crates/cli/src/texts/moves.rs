//! What may be done with a return, when and by whom, in words.

names! {
    /// A move.
    what {
        "request": "提出申请", "request";
        "approve": "批准", "approve";
        "reject": "拒绝", "reject";
        "needs-info": "要求补充资料", "ask for more information";
        "await": "告知寄回地址", "tell where to send the goods";
        "parcel": "登记寄回包裹", "note a parcel";
        "receive": "收货", "receive";
        "inspect": "质检", "inspect";
        "deduct": "扣款", "deduct";
        "waive": "仅退款（货留顾客）", "refund without the goods";
        "allow": "折让", "allow money off";
        "link": "补认销售", "link to its sale";
        "refund": "退款", "refund";
        "exchange": "换货", "exchange";
        "credit": "使用或分配储值", "spend or share store credit";
        "repair": "收下送修", "take in for repair";
        "hand-back": "修好交还", "hand back repaired";
        "cost": "登记费用", "record what it cost";
        "dispute": "登记争议", "dispute";
        "cancel": "取消", "cancel";
        "reverse": "红冲", "reverse";
        "close": "完结", "close";
    }
    /// Who may make a move.
    who {
        "clerk": "店员", "the clerk";
        "reviewer": "政策自动通过，否则由非申请人的经理", "the policy by itself, else a manager who isn't the requester";
        "manager": "非申请人的经理", "a manager who isn't the requester";
    }
    /// A rule.
    rule {
        "draft_first": "只有草稿或被要求补充资料的才能提出申请", "only a draft, or what was asked back, is requested";
        "decide_once": "只审核一次，有争议时才可再审", "it is decided once; again only when it is disputed";
        "approved_first": "先批准，后收货付款", "nothing is taken in or paid before it was approved";
        "received_first": "先收货，后质检", "only goods that were taken in are inspected";
        "nothing_to_settle": "要有可扣的应退款", "only while there is something to take off from";
        "before_goods": "收货付款之前可取消，之后只能红冲", "cancelled until goods come or money goes; afterwards only reversed";
        "payout_begun": "已入账的才红冲；总部已开始付的、渠道已付的不能在此红冲", "only what was posted is reversed, and not what HQ has begun to pay or a rail has paid";
        "all_settled": "货、款、争议都了结才能完结", "closed once nothing waits: goods, refunds, disputes";
        "decided_first": "已有决定的才谈得上争议", "only what was decided can be disputed";
        "credit_first": "要有已发的储值", "only store credit that was given is spent or shared";
        "repair_first": "要有在修的商品", "only goods that are here to be repaired are handed back";
        "over": "已结束的退货单不能再改", "a return that is over takes nothing more";
    }
}

texts! {
    /// The page's title.
    title() { zh: "# 退货单的状态与允许的操作", en: "# States of a return, and legal moves" }
    /// What the page is.
    introduction(rules: u64) {
        zh: "本页由 `guicang return states --format markdown` 从程序打印（规则版本 {rules}）。一张退货单的各部分可以同时处于不同状态。这张表只约束命令：断线期间两台设备各自记下的，都保留。",
        en: "Printed from the code by `guicang return states --format markdown` (rules version {rules}). A return has several states at once, one or more for each of its parts. The table binds commands: what two devices recorded while apart is kept, whatever it says.",
    }
    /// Heading of the list of states.
    states_heading() { zh: "## 状态", en: "## States" }
    /// Heading of the table.
    moves_heading() { zh: "## 允许的操作", en: "## Legal moves" }
    /// The table's head.
    columns() {
        zh: "| 操作 | 须处于其一 | 不得处于 | 变为 | 谁 | 规则 |",
        en: "| move | from any of | unless | to | who | rule |",
    }
    /// A move that isn't legal now.
    illegal(number: &str, what: &str, found: &str, rule: &str, wanted: &str, who: &str) {
        zh: "退货单 {number} 现在不能{what}：{rule}。当前状态：{found}；须处于：{wanted}；由{who}办理。",
        en: "{number} can't go this way now ({what}): {rule}. It is: {found}; it would have to be: {wanted}; done by {who}.",
    }
    /// A rule in its version.
    in_version(rule: &str, version: u64) { zh: "{rule}（规则版本 {version}）", en: "{rule} (rules version {version})" }
    /// Only a manager does this.
    manager_only(what: &str) {
        zh: "{what}要由非申请人的经理同意。",
        en: "A manager who isn't the requester has to agree to this: {what}.",
    }
    /// Something is still owed.
    still_owed(number: &str, due: &str, currency: &dyn std::fmt::Display) {
        zh: "退货单 {number} 还有 {due} {currency} 应退未退，不能完结。",
        en: "{due} {currency} are still owed on {number}: it can't be closed.",
    }
    /// The branch's own share is smaller.
    beyond_share(asked: &str, share: &str, left: &str, currency: &dyn std::fmt::Display) {
        zh: "要用 {asked} {currency}，本店可用份额只有 {share} {currency}（各店合计余 {left} {currency}）。",
        en: "{asked} {currency} asked, but this branch's own share is {share} {currency} (all branches together: {left} {currency}).",
    }
    /// A difference is left, and nobody said how it goes.
    collect_needed(difference: &str, currency: &dyn std::fmt::Display) {
        zh: "顾客要补 {difference} {currency}，请说明支付方式。",
        en: "The customer has {difference} {currency} to pay on top: by what?",
    }
    /// A difference is left to pay, and nobody said how.
    pay_needed(difference: &str, currency: &dyn std::fmt::Display) {
        zh: "还要退 {difference} {currency}，请说明退款方式。",
        en: "{difference} {currency} are left to refund: by what?",
    }
    /// There is no receipt, and money is to go back.
    no_receipt() {
        zh: "没有小票，只退储值；改用其他方式要经理同意",
        en: "without a receipt it is store credit, unless a manager agrees",
    }
    /// There is no receipt, and the price is high.
    above_lowest(lowest: &dyn std::fmt::Display) {
        zh: "没有小票，单价高于近期最低成交价 {lowest}",
        en: "without a receipt, and above the lowest price paid lately, {lowest}",
    }
}

texts! {
    /// Name the tender.
    name_tender() { zh: "请加 --tender（柜台换货为 --difference）和支付方式。", en: "Add --tender (at the counter --difference) and the tender." }
    /// Have the share moved.
    ask_share(program: &str) {
        zh: "有份额的门店可用 {program} return share 单号 --amount 金额 --to 本店 分过来。",
        en: "A branch that has a share can leave some of it: {program} return share NUMBER --amount A --to SITE.",
    }
    /// The table.
    states(program: &str) {
        zh: "{program} return states 列出各状态下能做什么。",
        en: "{program} return states lists what may be done when.",
    }
    /// A request waits.
    approve(program: &str, number: &str) {
        zh: "{program} return approve {number} 批准，或 reject 拒绝。",
        en: "{program} return approve {number} approves it, reject refuses it.",
    }
    /// A draft waits.
    request(program: &str, number: &str) {
        zh: "{program} return request {number} 提出申请。",
        en: "{program} return request {number} asks for it.",
    }
    /// Goods are here to be repaired.
    hand_back(program: &str, number: &str) {
        zh: "修好后 {program} return hand-back {number} --note 做了什么。",
        en: "{program} return hand-back {number} --note WORK once it is repaired.",
    }
}

names! {
    /// Why something is taken off what is owed.
    deduction {
        "missing_part": "缺件", "missing";
        "gift_kept": "赠品未退", "gift kept";
    }
}

names! {
    /// What a return cost money for.
    cost_kind {
        "carriage": "运费", "carriage";
        "handling": "处理费", "handling";
        "repair": "维修费", "repair";
        "fee": "手续费", "fee";
    }
}

texts! {
    /// A cost, by its place.
    cost(n: usize, kind: &str, amount: &str, owner: &str, note: &str) {
        zh: "费用 {n}：{kind} {amount}，由{owner}承担{note}",
        en: "cost {n}: {kind} {amount}, borne by {owner}{note}",
    }
    /// Something taken off.
    deducted(kind: &str, what: &str, amount: &str) { zh: "扣款：{kind} {what} {amount}", en: "deducted: {kind} {what} {amount}" }
    /// A refund by one tender.
    refunded(tender: &str, amount: &str, state: &str) { zh: "退款：{tender} {amount}，{state}", en: "refund: {tender} {amount}, {state}" }
    /// Something given in exchange.
    given(sku: &dyn std::fmt::Display, quantity: &dyn std::fmt::Display, paid: &str) { zh: "换出：{sku} × {quantity}，{paid}", en: "given: {quantity} x {sku} for {paid}" }
    /// Where the goods go.
    awaited(address: &str) { zh: "寄往：{address}", en: "to be sent to: {address}" }
    /// Until when.
    until(day: &str) { zh: "，限 {day} 前", en: ", by {day}" }
    /// A parcel.
    parcel(carrier: &str, tracking: &str, arrived: &str) { zh: "包裹：{carrier} {tracking} {arrived}", en: "parcel: {carrier} {tracking} {arrived}" }
    /// It arrived.
    arrived() { zh: "已到", en: "arrived" }
    /// It is on its way.
    under_way() { zh: "在途", en: "under way" }
    /// Store credit.
    credit(issued: &str, left: &str) { zh: "储值：发出 {issued}，余 {left}", en: "store credit: issued {issued}, left {left}" }
}
