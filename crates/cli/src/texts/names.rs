//! Names of codes: states, accounts, kinds, reasons why.

names! {
    /// A state of a return.
    state {
        "draft": "草稿", "draft";
        "requested": "待审核", "requested";
        "approved": "已批准", "approved";
        "rejected": "已拒绝", "rejected";
        "needs_information": "待补充资料", "needs information";
        "part_received": "部分收货", "part received";
        "received": "已收货待检", "received";
        "inspected": "已质检", "inspected";
        "refund_queued": "待退款", "refund queued";
        "refund_intended": "退款处理中", "refund under way";
        "refund_accepted": "渠道已受理", "refund accepted";
        "refund_failed": "退款失败", "refund failed";
        "refund_paid": "已退款", "refund paid";
        "awaiting_goods": "待收货", "awaiting goods";
        "quarantine": "隔离", "in quarantine";
        "given_back": "已退还顾客", "given back";
        "waived": "仅退款", "goods left with the customer";
        "allowed": "已折让", "money off";
        "in_repair": "维修中", "in repair";
        "repaired": "已修还", "handed back repaired";
        "exchanged": "已换货", "exchanged";
        "store_credit": "已发储值", "store credit";
        "reversed": "已红冲", "reversed";
        "cancelled": "已取消", "cancelled";
        "closed": "已完结", "closed";
        "disputed": "有争议", "disputed";
    }
    /// A stock account.
    account {
        "sellable": "可售", "sellable";
        "returns_hold": "退货待检", "returns hold";
        "quarantine": "隔离", "quarantine";
        "defective": "次品", "defective";
        "supplier_hold": "待退供应商", "supplier hold";
        "scrap_hold": "待报废", "scrap hold";
        "repair": "维修中", "repair";
        "in_transit": "在途", "in transit";
        "customer": "顾客", "customer";
        "supplier": "供应商", "supplier";
        "scrap": "已报废", "scrapped";
        "variance": "损溢", "variance";
        "opening": "期初", "opening";
        "transform": "转换", "transformed";
        "waived": "免退货", "waived";
    }
    /// A kind of exception.
    exception {
        "over_return": "超量退货", "over-return";
        "refund_over_entitlement": "超额退款", "refund over entitlement";
        "duplicate_return": "重复录入退货", "duplicate return";
        "store_credit_overspent": "储值超支", "store credit overspent";
        "sale_changed": "销售记录不一致", "sale changed";
        "unverified_sale": "销售未核实", "unverified sale";
        "conflicting_decision": "处理冲突", "conflicting decision";
        "late_in_transit": "在途超期", "late in transit";
        "transfer_short": "调拨短少", "short on arrival";
        "transfer_over": "调拨多收", "more arrived than was sent";
        "negative_stock": "负库存", "negative stock";
        "recount_asked": "需要复盘", "recount asked";
        "clock": "时钟异常", "clock";
        "stale_policy": "政策版本过期", "stale policy";
        "withdrawn_right": "权限已撤销", "right withdrawn";
        "device_fork": "设备分叉", "fork of a device";
        "forged_envelope": "来源不符", "forged envelope";
    }
    /// A state of a transfer.
    transfer_state {
        "awaiting_dispatch": "已收货，待发货记录", "received, dispatch not known yet";
        "reversed": "已冲销", "reversed";
        "in_transit": "在途", "in transit";
        "part_received": "部分收货", "part received";
        "missing": "短少待查", "missing";
        "received": "已收齐", "received";
        "over": "多收", "over";
        "never_left": "未发出", "never left";
        "lost": "丢失", "lost";
    }
    /// A state of a supplier return.
    claim_state {
        "reversed": "已冲销", "reversed";
        "raised": "待发货", "raised";
        "shipped": "已发货", "shipped";
        "part_closed": "部分结清", "part closed";
        "credited": "已贷记", "credited";
        "exchanged": "已换货", "exchanged";
        "sent_back": "已退回", "sent back";
        "written_off": "已核销", "written off";
        "closed": "已结清", "closed";
        "cancelled": "已取消", "cancelled";
    }
    /// A state of a reservation.
    reservation_state {
        "kept": "预留中", "kept";
        "expired": "已过期", "expired";
        "ended": "已结束", "ended";
    }
    /// A state of a hold, or why HQ refused it.
    hold_state {
        "asked": "待总部答复", "asked";
        "granted": "预留中", "granted";
        "used": "已用完", "used";
        "expired": "已过期", "expired";
        "refused": "已拒绝", "refused";
        "released": "已释放", "released";
        "sale_not_held": "已拒绝：总部没有这笔销售", "refused: HQ doesn't hold the sale";
        "too_little_left": "已拒绝：可退余量不足", "refused: too little is left";
    }
    /// A kind of document.
    document {
        "transfer": "调拨单", "transfer";
        "supplier_return": "采购退货单", "supplier return";
        "reservation": "预留单", "reservation";
        "hold": "退货额度预留", "hold";
        "return": "退货单", "return";
        "adjustment": "调整单", "adjustment";
        "count": "盘点单", "count";
    }
    /// A ground of the policy.
    ground {
        "out_of_window": "超过退货期限", "outside the return window";
        "value_above": "金额超过店员权限", "worth more than a clerk may grant";
        "unverified_above": "未核实销售且金额超限", "sale not held here and worth more than may be granted without it";
        "not_returnable": "此类商品不接受退货", "not taken back";
        "manager_above": "金额超过经理权限", "worth more than a manager may grant";
        "hq_above": "金额超过总部权限", "worth more than HQ may grant";
        "unverified_branch": "本店未核实退款超限", "unverified refunds of the branch over its limit";
        "unverified_day": "当日未核实退款超限", "unverified refunds of the day over their limit";
        "opened": "已拆封", "opened";
        "grade_below": "等级不够", "grade too low";
        "tags_missing": "吊牌缺失", "tags missing";
        "receipt_missing": "未出示小票", "receipt required";
        "no_receipt": "没有小票", "no receipt";
        "above_lowest_price": "高于近期最低成交价", "above the lowest price paid lately";
        "waive": "仅退款", "refund without the goods";
        "allow": "折让", "money off";
    }
    /// A tender.
    tender {
        "cash": "现金", "cash";
        "wechat": "微信", "WeChat Pay";
        "alipay": "支付宝", "Alipay";
        "card": "银行卡", "card";
        "unionpay": "银联", "UnionPay";
        "digital_rmb": "数字人民币", "e-CNY";
        "points": "积分", "points";
        "credit": "储值", "store credit";
        "exchange": "换货", "exchange";
        "unknown": "未注明", "not recorded";
    }
    /// A kind of adjustment.
    movement {
        "opening": "期初", "opening";
        "received": "入库", "received";
        "sent_back": "退供应商", "sent back";
        "taken_back": "退供应商冲回", "sent back, and brought again";
        "found": "报溢", "found";
        "written_off": "报损", "written off";
        "repair_out": "送修", "sent to be repaired";
        "repair_in": "修回", "back from repair";
        "set_apart": "转待报废", "set apart to be scrapped";
        "scrapped": "报废", "scrapped";
        "marked_down": "降价转码", "marked down";
        "count_gain": "盘盈", "more than the book";
        "count_loss": "盘亏", "less than the book";
    }
    /// Where an inspected part goes.
    disposition {
        "restock": "重新上架", "restock";
        "markdown": "降价销售", "restock at a lower price";
        "repair": "维修", "repair";
        "supplier": "退供应商", "back to the supplier";
        "manufacturer": "退厂家", "back to the maker";
        "scrap": "报废", "scrap";
        "give_back": "退还顾客", "give back";
        "quarantine": "隔离", "quarantine";
    }
    /// Who bears a loss; `site:CODE` and `supplier:CODE` stand for themselves.
    owner {
        "company": "公司", "the company";
        "customer": "顾客", "the customer";
    }
}

names! {
    /// A field of input, or a kind of name.
    field {
        "site": "门店", "site";
        "device code": "设备编码", "device code";
        "SKU": "货号", "SKU";
        "sku": "货号", "SKU";
        "lot": "批号", "lot";
        "user": "用户", "user";
        "till": "收银台", "till";
        "receipt": "小票", "receipt";
        "receipt number": "小票号", "receipt number";
        "receipt line": "小票行", "receipt line";
        "line": "行号", "line";
        "customer": "会员号", "customer";
        "reason": "原因", "reason";
        "tender": "支付方式", "tender";
        "number": "单号", "number";
        "quantity": "数量", "quantity";
        "amount": "金额", "amount";
        "price": "单价", "price";
        "currency": "币种", "currency";
        "counted": "点数金额", "counted";
        "note": "备注", "note";
        "kind of day": "日子的类型", "kind of day";
        "way": "方向", "way";
        "time": "时间", "time";
        "grade": "等级", "grade";
        "disposition": "去向", "disposition";
        "movement": "调整类型", "movement";
        "channel": "渠道", "channel";
        "exception kind": "异常类型", "exception kind";
        "item": "商品", "item";
        "duration": "时长", "duration";
        "zone": "时区", "time zone";
        "place": "库位", "place";
        "category": "类别", "category";
        "stage of a count": "盘点状态", "stage of a count";
        "word for the uncounted": "未盘处理", "word for the uncounted";
        "name": "名称", "name";
        "role": "角色", "role";
        "sites": "门店", "sites";
        "refund": "退款", "refund";
        "language": "语言", "language";
        "loss owner": "承担方", "loss owner";
        "action": "处理方式", "action";
        "condition": "条件", "condition";
        "tags": "吊牌", "tags";
        "version": "版本", "version";
        "event": "事件", "event";
        "return address": "寄回地址", "return address";
        "carrier": "承运商", "carrier";
        "tracking number": "运单号", "tracking number";
        "missing part": "缺件", "missing part";
        "outcome": "下落", "outcome";
        "settlement": "结清方式", "settlement";
        "supplier": "供应商", "supplier";
        "account": "库存科目", "stock account";
        "kind": "类型", "kind";
        "moved": "动作", "moved";
        "period": "月份", "period";
        "refusal": "拒绝理由", "refusal";
        "code": "编码", "code";
    }
    /// What a value should be, in the words of the program's parsers.
    wanted {
        "1 to 40 bytes without '/' or control characters": "1 到 40 字节，不含“/”和控制字符", "1 to 40 bytes without '/' or control characters";
        "1 to 24 bytes without '/' or control characters": "1 到 24 字节，不含“/”和控制字符", "1 to 24 bytes without '/' or control characters";
        "1 to 64 bytes without control characters": "1 到 64 字节，不含控制字符", "1 to 64 bytes without control characters";
        "1 to 40 bytes without control characters": "1 到 40 字节，不含控制字符", "1 to 40 bytes without control characters";
        "1 to 8 of A-Z and 0-9": "1 到 8 个大写字母或数字", "1 to 8 of A-Z and 0-9";
        "1 to 40 of a-z, 0-9, '_', '-'": "1 到 40 个小写字母、数字、“_”或“-”", "1 to 40 of a-z, 0-9, '_', '-'";
        "1 to 24 of a-z, 0-9, '_'": "1 到 24 个小写字母、数字或“_”", "1 to 24 of a-z, 0-9, '_'";
        "1 to 40 letters, digits and '-'": "1 到 40 个字母、数字或“-”", "1 to 40 letters, digits and '-'";
        "[SITE/[TILL/]]NUMBER": "[门店/[收银台/]]小票号", "[SITE/[TILL/]]NUMBER";
        "SITE/[TILL/]NUMBER": "门店/[收银台/]小票号", "SITE/[TILL/]NUMBER";
        "a number with at most 3 decimals": "最多三位小数的数字", "a number with at most 3 decimals";
        "a number above zero with at most 3 decimals": "大于零、最多三位小数的数字", "a number above zero with at most 3 decimals";
        "a number with at most 4 decimals": "最多四位小数的数字", "a number with at most 4 decimals";
        "a number with at most 2 decimals": "最多两位小数的数字", "a number with at most 2 decimals";
        "a number with at most 0 decimals": "整数", "a number with at most 0 decimals";
        "three capital letters of ISO 4217, such as CNY": "ISO 4217 的三个大写字母，例如 CNY", "three capital letters of ISO 4217, such as CNY";
        "2026-11-23T14:02:03, or a date alone": "2026-11-23T14:02:03，或只写日期", "2026-11-23T14:02:03, or a date alone";
        "a time zone such as Asia/Shanghai": "时区，例如 Asia/Shanghai", "a time zone such as Asia/Shanghai";
        "SKU or SKU=QUANTITY": "货号，或 货号=数量", "SKU or SKU=QUANTITY";
        "GRADE=QUANTITY or GRADE=QUANTITY:DISPOSITION": "等级=数量，或 等级=数量:去向", "GRADE=QUANTITY or GRADE=QUANTITY:DISPOSITION";
        "a length of time such as 60s, 5m, 1h": "时长，例如 60s、5m、1h", "a length of time such as 60s, 5m, 1h";
        "one price for all items, or one for each": "一个通用单价，或每件商品各一个", "one price for all items, or one for each";
        "zh or en": "zh 或 en", "zh or en";
        "no less than limits.clerk": "不小于 limits.clerk", "no less than limits.clerk";
        "no less than the limits below it": "不小于下级权限", "no less than the limits below it";
        "one rule for each category and site": "同一品类和门店只写一条", "one rule for each category and site";
        "a number of zero or more with at most 3 decimals": "不小于零、最多三位小数的数字", "a number of zero or more with at most 3 decimals";
        "one rule for each category, site, channel and class": "同一品类、门店、渠道和原因大类只写一条", "one rule for each category, site, channel and class";
        "unopened, tags, receipt or 'grade C'": "unopened（未拆封）、tags（吊牌）、receipt（小票）或 'grade C'（等级）", "unopened, tags, receipt or 'grade C'";
        "no such field": "没有这个字段", "no such field";
        "a whole number of days, 0 to 36500": "天数：0 到 36500 的整数", "a whole number of days, 0 to 36500";
        "a whole number of days, or \"never\"": "天数，或 \"never\"（不接受退货）", "a whole number of days, or \"never\"";
        "a text": "文字（加引号）", "a text";
        "a text of 1 to 80 bytes": "1 到 80 字节的文字", "a text of 1 to 80 bytes";
        "a list of texts": "文字列表", "a list of texts";
        "a table": "表", "a table";
        "a list of tables": "表的列表（[[…]]）", "a list of tables";
        "true or false": "true 或 false", "true or false";
        "supplier, store, carrier, customer or nobody": "supplier、store、carrier、customer 或 nobody", "supplier, store, carrier, customer or nobody";
        "restock, quarantine, supplier or inspect": "restock、quarantine、supplier 或 inspect", "restock, quarantine, supplier or inspect";
        "TOML": "TOML 格式", "TOML";
        "on or off": "on 或 off", "on or off";
        "company, customer, site:CODE or supplier:CODE": "company、customer、site:编码 或 supplier:编码", "company, customer, site:CODE or supplier:CODE";
        "one of clerk manager hq": "clerk（店员）、manager（经理）或 hq（总部）", "clerk, manager or hq";
        "clerk, manager or hq": "店员、经理或总部", "clerk, manager or hq";
        "active or withdrawn": "在职或停用", "active or withdrawn";
        "the sites where a clerk or manager works": "店员或经理所属的门店", "the sites where a clerk or manager works";
        "exactly one SKU": "只写一个货号", "exactly one SKU";
        "at least one SKU": "至少一个货号", "at least one SKU";
        "an event of the return that stands": "退货单上未被冲销的事件", "an event of the return that stands";
        "an address of the site that takes the goods": "收货门店的地址（总部用 guicang-server site add 填写）", "an address of the site that takes the goods (HQ: guicang-server site add)";
        "one that isn't noted yet": "尚未登记的运单号", "one that isn't noted yet";
        "1 to 100 bytes without control characters": "1 到 100 字节，不含控制字符", "1 to 100 bytes without control characters";
        "a price above zero": "大于零的价格", "a price above zero";
        "the till's receipt, or goods; not both": "收银小票或商品，二者只写一个", "the till's receipt, or goods; not both";
        "DEVICE-TIME": "设备-时间（见 return show --json）", "DEVICE-TIME, see return show --json";
        "WHAT or WHAT=PRICE": "缺什么，或 缺什么=价格", "WHAT or WHAT=PRICE";
        "a rate such as 13%": "税率，例如 13%", "a rate such as 13%";
        "a name": "名称", "a name";
        "yes or no": "是或否", "yes or no";
        "at most 1,000 bytes": "最多 1000 字节", "at most 1,000 bytes";
        "a number of zero or more with at most 4 decimals (quantities: 3)": "不小于零的数字，最多四位小数（数量三位）", "a number of zero or more with at most 4 decimals (quantities: 3)";
        "the whole code: give the column the format Text before the file is saved": "完整的编码：保存文件前请把该列设为“文本”格式", "the whole code: give the column the format Text before the file is saved";
        "text in the encoding of the file": "文件编码中的文字", "text in the encoding of the file";
        "one of late never_left lost": "late（迟到）、never_left（未发出）、lost（丢失）之一", "one of late never_left lost";
        "one of credited exchanged sent_back written_off": "credited（贷记）、exchanged（换货）、sent_back（退回）、written_off（核销）之一", "one of credited exchanged sent_back written_off";
        "a stock account such as sellable": "库存科目，例如 sellable", "a stock account such as sellable";
        "sellable, defective or supplier_hold": "sellable、defective 或 supplier_hold", "sellable, defective or supplier_hold";
        "another site than the sender": "调出门店以外的门店", "another site than the sender";
        "the dispatch's number, such as DB-S01A-000001": "调拨单号，例如 DB-S01A-000001", "the dispatch's number, such as DB-S01A-000001";
        "another SKU than the one marked down": "与原货号不同的货号", "another SKU than the one marked down";
        "what was credited for one": "贷记单价", "what was credited for one";
        "nothing, unless it is credited": "不填（只有贷记才填）", "nothing, unless it is credited";
        "1 to 80 bytes without control characters": "1 到 80 字节，不含控制字符", "1 to 80 bytes without control characters";
        "a time to come": "将来的时间", "a time to come";
        "one of opening received sent_back found written_off": "opening、received、sent_back、found、written_off 之一", "one of opening received sent_back found written_off";
        "one of open closed approved cancelled": "open、closed、approved、cancelled 之一", "one of open closed approved cancelled";
        "one of leave zero": "leave 或 zero", "one of leave zero";
        "0 and more": "不小于 0", "0 and more";
        "a category that some article has": "某个商品所属的类别", "a category that some article has";
        "> 0": "大于 0", "more than 0";
        ">= 0": "不小于 0", "0 or more";
        "0 or more": "不小于 0", "0 or more";
        "UTF-8 text": "UTF-8 编码的文字", "UTF-8 text";
        "a kind of document such as return": "单据类型，例如 return", "a kind of document such as return";
        "a month such as 2026-10": "月份，例如 2026-10", "a month such as 2026-10";
        "log, org or site/SITE": "log、org 或 site/门店", "log, org or site/SITE";
        "sale_not_held or too_little_left": "sale_not_held 或 too_little_left", "sale_not_held or too_little_left";
        "sellable, returns_hold, quarantine, defective, supplier_hold or scrap_hold": "sellable、returns_hold、quarantine、defective、supplier_hold 或 scrap_hold", "sellable, returns_hold, quarantine, defective, supplier_hold or scrap_hold";
        "a note that says what it is for": "说明用途的备注", "a note that says what it is for";
        "a receipt of another branch": "其他门店的小票", "a receipt of another branch";
        "a shift that is closed": "已经结班的班次", "a shift that is closed";
        "nothing, unless it is marked down": "不填（只有降价转码才填）", "nothing, unless it is marked down";
        "nothing, unless the goods are in returns_hold": "不填（只有商品在待检区才填）", "nothing, unless the goods are in returns_hold";
        "the SKU that it becomes": "转成的货号", "the SKU that it becomes";
        "why it is taken back": "冲销的原因", "why it is taken back";
        "one of A B C D E": "A B C D E 之一", "one of A B C D E";
    }
}

names! {
    /// Whether an exception is settled.
    settlement { "open": "待处理", "open"; "settled": "已处理", "settled"; }
    /// Yes or no.
    yes { "yes": "是", "yes"; "no": "否", "no"; }
}

names! {
    /// What is wrong with a signed receipt's text, where it is what happens at a counter.
    receipt_damage {
        "a letter is missing, or another one stands in its place": "缺了字符，或有字符被换掉", "a letter is missing, or another one stands in its place";
    }
}

names! {
    /// What became of a change that wasn't accepted.
    set_aside {
        "refused": "总部拒绝", "refused by the relay";
        "set_apart_by_relay": "总部搁置", "set apart by the relay";
        "set_apart_here": "本机搁置", "set apart here";
        "reissued": "被拒后已重新提交", "refused, and written again";
    }
    /// Why a replica can't sync until somebody acts.
    fault {
        "fork": "数据文件被复制过，两份都在用：请联系总部", "this file was copied and both copies went on: tell HQ";
        "withdrawn": "总部已停用这台设备：请联系总部", "HQ has withdrawn this device: ask HQ";
    }
}

names! {
    /// What to do about something that the doctor found; nothing is said of codes that aren't listed.
    advice {
        "file": "磁盘可能损坏：立即备份此文件，从备份恢复，再同步", "the disk may be failing: copy the file now, restore a backup, then sync";
        "change_hash": "记录的内容被改动或损坏：从备份恢复，再同步", "a change's bytes are damaged: restore a backup, then sync";
        "entry_root": "日志条目与其内容不符：从备份恢复，再同步", "a journal entry doesn't fit its changes: restore a backup, then sync";
        "entry_signature": "签名不对：请联系总部", "a signature is wrong: tell HQ";
        "entry_chain": "日志有缺口：再同步一次；仍有则从备份恢复", "the journal has a gap: sync again; if it stays, restore a backup";
        "stamp": "时间戳的签名不对：请联系总部", "a stamp's signature is wrong: tell HQ";
        "sum": "与总部的累计和不符：再同步一次；仍有请联系总部", "a running sum is wrong: sync again; if it stays, tell HQ";
        "stock_balance": "库存分录不平：重建（rebuild）；仍有请联系总部", "stock postings don't balance: rebuild; if it stays, tell HQ";
        "money_balance": "资金分录不平：重建（rebuild）；仍有请联系总部", "money postings don't balance: rebuild; if it stays, tell HQ";
        "projection": "显示的数据与原始记录不符：重建（rebuild）", "what is shown differs from the facts: rebuild";
    }
}

names! {
    /// What an imported row was taken as.
    taken {
        "sale": "销售", "sale";
        "return": "退货", "return";
        "found": "报溢", "found";
        "written_off": "报损", "written off";
        "received": "入库", "received";
        "sent_back": "退供应商", "sent back";
        "tender": "支付明细", "tender";
    }
    /// Whether an import stands.
    import_state {
        "stands": "有效", "stands";
        "partly_reversed": "部分冲销", "partly reversed";
        "reversed": "已冲销", "reversed";
    }
    /// Why an imported row was not taken.
    skipped {
        "bad_debt": "坏账", "bad debt";
        "other_site": "其他门店", "other site";
        "no_rule": "没有适用的规则", "no rule fits";
        "service_without_value": "服务项目，没有金额", "service without value";
        "bad_quantity": "数量不对", "bad quantity";
        "bad_price": "单价不对", "bad price";
        "bad_amount": "金额不对", "bad amount";
        "bad_time": "时间不对", "bad time";
        "bad_site": "门店不对", "bad site";
        "bad_till": "收银台不对", "bad till";
        "bad_receipt": "小票号不对", "bad receipt number";
        "bad_customer": "会员号不对", "bad customer";
        "bad_code": "货号不对", "bad code";
        "bad_name": "品名、规格或序列号太长", "name, specification or serial numbers too long";
        "bad_tender": "支付方式不对", "bad tender";
        "bad_line": "行号不对", "bad line number";
        "repeated_line": "行号重复", "repeated line number";
        "not_utf8": "不是 UTF-8 文本", "not UTF-8";
        "not_text": "不是文件编码中的文字", "not text in the file's encoding";
        "cut_code": "编码被电子表格截断（科学计数法）：请把该列设为“文本”格式后重新导出", "code cut by a spreadsheet (scientific notation): give the column the format Text and export again";
        "bad_discount": "折扣金额不对", "bad discount";
        "bad_tax_rate": "税率不对", "bad tax rate";
        "bad_expiry": "有效期不对", "bad expiry";
        "bad_lot": "批号不对", "bad lot";
        "bad_cashier": "收银员不对", "bad cashier";
        "bad_invoice": "发票号码不对", "bad invoice number";
        "sum_row": "合计行", "sum";
        "zero_quantity": "数量为零", "quantity zero";
        "tender_of_return": "退货的支付明细（历史退货不记支付方式）", "tender of a return (history doesn't record it)";
        "wrong_number_of_fields": "列数不对", "wrong number of fields";
    }
}
