//! Headings of tables.

texts! {
    /// The return that a claim looks like a second entry of.
    looks_like() { zh: "疑似重复", en: "looks like" }
    /// A field of a document.
    field() { zh: "项目", en: "field" }
    /// What stands of two things that were told.
    stands() { zh: "以此为准", en: "stands" }
    /// What else was told.
    other() { zh: "另一说法", en: "the other says" }
    /// A document's number.
    number() { zh: "单号", en: "number" }
    /// A site.
    site() { zh: "门店", en: "site" }
    /// Sites.
    sites() { zh: "门店", en: "sites" }
    /// All sites together.
    all_sites() { zh: "合计", en: "all" }
    /// When it happened.
    occurred() { zh: "时间", en: "time" }
    /// What comes back.
    goods() { zh: "商品", en: "goods" }
    /// A state.
    state() { zh: "状态", en: "state" }
    /// Owed.
    entitled() { zh: "应退", en: "entitled" }
    /// To be paid.
    queued() { zh: "待付", en: "queued" }
    /// Paid.
    paid() { zh: "已付", en: "paid" }
    /// The day by which a refund is due.
    due() { zh: "最迟", en: "due" }
    /// An article.
    sku() { zh: "货号", en: "SKU" }
    /// An article's name.
    name() { zh: "品名", en: "name" }
    /// A quantity.
    quantity() { zh: "数量", en: "quantity" }
    /// What the sale doesn't cover.
    excess() { zh: "超量", en: "excess" }
    /// What the sale covers.
    valid() { zh: "有效", en: "valid" }
    /// Whether a payout or a decision pins it.
    pinned() { zh: "已锁定", en: "pinned" }
    /// A reason.
    reason() { zh: "原因", en: "reason" }
    /// A receipt.
    receipt() { zh: "小票", en: "receipt" }
    /// A grade.
    grade() { zh: "等级", en: "grade" }
    /// A stock account.
    account() { zh: "去向", en: "account" }
    /// Stock accounts.
    accounts() { zh: "明细", en: "accounts" }
    /// A lot.
    lot() { zh: "批号", en: "lot" }
    /// On hand.
    on_hand() { zh: "在手", en: "on hand" }
    /// Available.
    available() { zh: "可售", en: "available" }
    /// A line.
    line() { zh: "行", en: "line" }
    /// Sold.
    sold() { zh: "售出", en: "sold" }
    /// Came back.
    returned() { zh: "已退", en: "returned" }
    /// Can still come back.
    left() { zh: "可退", en: "left" }
    /// Refunded.
    refunded() { zh: "已退款", en: "refunded" }
    /// An exception.
    exception() { zh: "异常", en: "exception" }
    /// A kind.
    kind() { zh: "类型", en: "kind" }
    /// A loss.
    loss() { zh: "损失", en: "loss" }
    /// Who bears it.
    owner() { zh: "承担方", en: "borne by" }
    /// Up to when a site's figures are complete.
    complete_to() { zh: "数据截至", en: "complete to" }
    /// Sales.
    sales() { zh: "销量", en: "sold" }
    /// Returns.
    returns() { zh: "退货量", en: "returned" }
    /// Found.
    found() { zh: "报溢", en: "found" }
    /// Written off.
    written_off() { zh: "报损", en: "written off" }
    /// Sales less returns.
    net_value() { zh: "净销售额", en: "net value" }
    /// A currency.
    currency() { zh: "币种", en: "currency" }
    /// What was found.
    detail() { zh: "说明", en: "detail" }
    /// What to do.
    advice() { zh: "建议", en: "advice" }
}

texts! {
    /// A feed.
    feed() { zh: "数据流", en: "feed" }
    /// A position in it.
    position() { zh: "位置", en: "position" }
    /// Whether both ends hold the same.
    proven() { zh: "一致性", en: "proof" }
}

texts! {
    /// An import.
    import() { zh: "导入", en: "import" }
    /// A file.
    file() { zh: "文件", en: "file" }
    /// A profile.
    profile() { zh: "格式", en: "profile" }
    /// Who did it.
    user() { zh: "操作人", en: "user" }
    /// Documents.
    documents() { zh: "单据", en: "documents" }
    /// Rows of a file.
    rows() { zh: "行", en: "rows" }
    /// How many.
    count() { zh: "数量", en: "count" }
}

texts! {
    /// The site that goods leave.
    from() { zh: "调出", en: "from" }
    /// The site that goods go to.
    to() { zh: "调入", en: "to" }
    /// Days under way.
    days() { zh: "在途天数", en: "days" }
    /// Sent.
    sent() { zh: "发出", en: "sent" }
    /// Arrived.
    arrived() { zh: "收到", en: "arrived" }
    /// Came on top of what was sent.
    over() { zh: "多收", en: "over" }
    /// Never left the sender.
    never_left() { zh: "未发出", en: "never left" }
    /// Lost.
    lost() { zh: "丢失", en: "lost" }
    /// Still open.
    open() { zh: "未结", en: "open" }
    /// A supplier.
    supplier() { zh: "供应商", en: "supplier" }
    /// What is claimed.
    claimed() { zh: "索赔额", en: "claimed" }
    /// What was credited.
    credited() { zh: "已贷记", en: "credited" }
    /// The price of one.
    price() { zh: "单价", en: "price" }
    /// Set apart and still here.
    held() { zh: "待发", en: "held" }
    /// Left for the supplier.
    shipped() { zh: "已发", en: "shipped" }
    /// How it ended.
    settled() { zh: "结果", en: "ended" }
    /// When the oldest left.
    oldest() { zh: "最早发出", en: "oldest" }
    /// Kept for somebody.
    reserved() { zh: "预留", en: "reserved" }
    /// Still kept.
    kept() { zh: "尚留", en: "kept" }
    /// Until when.
    until() { zh: "留至", en: "until" }
    /// For whom or what.
    purpose() { zh: "用途", en: "for" }
}
