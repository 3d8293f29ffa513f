//! The kinds of exceptions in words: how each comes about, what holds then, and what can be done.

names! {
    /// How it comes about.
    how {
        "over_return": "几家门店断线期间各自收下同一销售行的退货", "branches that are apart each take the same sale line back";
        "refund_over_entitlement": "两台设备各退一次款；或销售到达后价格较低", "two devices refund one return, or its sale arrives with a lower price";
        "duplicate_return": "同一门店的两台设备互不知情，就同一小票行录入相同数量的退货", "two devices of one site, neither having seen the other's, take in as much of one receipt line";
        "store_credit_overspent": "同一门店的两台设备断线期间各自花掉同一份额", "two devices of one branch that are apart spend the same share";
        "sale_changed": "两份文件或两台设备对同一小票、同一行号说法不同", "two files or devices tell different things of a receipt, or of one numbered row of it";
        "unverified_sale": "没有小票，或销售始终没有到达", "there was no receipt, or the sale never came";
        "conflicting_decision": "断线期间对同一事项作出两种处理：批准与拒绝、重复收货、重复质检、重复结清、同一钱箱两次开班", "decided twice while apart: approved and rejected, received or inspected twice, a claim closed twice, a drawer opened twice";
        "late_in_transit": "调拨发出后超过设定天数仍未到齐", "goods were sent and haven't all arrived within the settings' days";
        "transfer_short": "收货方说没有到齐，短少原因未定", "the receiver says that not all came, and nobody said what became of the rest";
        "transfer_over": "到货多于发货", "more arrived than was sent";
        "negative_stock": "晚到的销售或调拨使账面低于零，而此前有期初、到货或盘点", "late sales or transfers take a bucket below nothing that an opening, a delivery or a count stands for";
        "recount_asked": "盘点扫描期间该库位有变动，或因时钟偏差可能有变动", "a bucket was moved between a count's scans, or may have been as clocks differ";
        "stale_policy": "断线门店按已被替换过久的政策版本处理", "a branch that was apart judged by a version that had been replaced for too long";
        "clock": "设备时钟与已证实的时间相差超过十分钟", "a device's clock was over ten minutes outside what is proven";
        "withdrawn_right": "设备在权限被撤销之后写入", "a device wrote after HQ had withdrawn its right";
        "device_fork": "一台设备的文件被复制，或恢复备份后又继续使用，于是有两份流水", "a device's file was cloned, or restored and worked on, so that its journal went two ways";
        "forged_envelope": "改动不是其署名设备所写，或违反单据规则", "a change isn't by the device that it names, or breaks a document's rules";
    }
    /// What holds meanwhile.
    rule {
        "over_return": "最早的有效，其后为超量：商品原地不动，退款暂扣；该行的重复录入与超额退款并入本异常", "the earliest stand, what comes after is excess: goods stay where they are, its refund is held; it absorbs second entries of the line and the refund over entitlement";
        "refund_over_entitlement": "电子退款由总部核对应退额后只付一次；已付现金不追改", "electronic refunds run once, at HQ, after the entitlement check; cash that was paid stays paid";
        "duplicate_return": "两单都有效，直到总部决定；作废时较晚的一单不计，商品冲回，未付退款不再付", "both stand until HQ decides; voided, the later doesn't count, its goods are reversed, its refund isn't paid";
        "store_credit_overspent": "已花的照记；份额为负，总额不足的部分记为待定损失", "what was spent stays; the share is below zero, and what is beyond all that was issued is an undecided loss";
        "sale_changed": "每行只计一次，以排序最前的单据为准", "each row counts once, as the lowest-ranked document says";
        "unverified_sale": "先按顾客所说暂记，政策限制期间的退款；总部见到销售后重新判定", "provisional as the customer said, with limited refunds; judged anew once HQ has the sale";
        "conflicting_decision": "折叠规则选出一个，另一个保留并点名", "the fold's rule decides; the loser is kept and named";
        "late_in_transit": "仍在途，算发货方的", "still in transit, and the sender's";
        "transfer_short": "短少部分仍在途，直到说明原因", "what is missing stays in transit until somebody says what became of it";
        "transfer_over": "多收部分从发货方账上出", "what came over draws on the sender";
        "negative_stock": "照记，不阻止任何操作", "it stands; nothing is blocked";
        "recount_asked": "盘点数照用，直到复盘或再次盘点", "the count stands until it is counted again";
        "stale_policy": "处理有效，标记备查", "the decision stands, and is flagged";
        "clock": "排序时间限制在可证实的范围内", "its rank is held within what is proven";
        "withdrawn_right": "内容可信，单独存放，不计入；总部可以接纳", "authentic, kept and set apart; HQ may admit it";
        "device_fork": "先到的一份有效；另一份成为新设备，未确认的内容以新设备名义重新写入，单号不变", "the journal that came first stands; the other becomes a new device and writes again, by its new name, what was never acknowledged; numbers on paper stay";
        "forged_envelope": "不计入，单独存放", "not counted, kept and set apart";
    }
    /// What it shows.
    evidence {
        "over_return": "小票行、售出数量、每笔退货的有效与超量、已付、锁定、疑似重复", "receipt line, quantity sold, each claim's valid and excess quantity, what was paid, pins, what looks like a second entry";
        "refund_over_entitlement": "应退与已付", "what was owed and what was paid";
        "duplicate_return": "逐行：两笔退货的单号、时间、数量、已付", "line by line both returns: number, time, quantity, paid";
        "store_credit_overspent": "发放、已花、剩余、各店份额、每次使用", "issued, spent, left, each branch's share, each spending";
        "sale_changed": "不同的项目：以谁为准，另一份怎么说", "the fields that differ: what stands, what the other says";
        "unverified_sale": "顾客所报的小票", "the receipt as it was typed";
        "conflicting_decision": "事项、有效的事件、落选的事件", "what it is about, the event that stands, the one that lost";
        "late_in_transit": "单号、双方、在途数量、发出时间", "number, sites, quantity under way, when it left";
        "transfer_short": "单号、双方、短少数量", "number, sites, quantity missing";
        "transfer_over": "单号、双方、多收数量", "number, sites, quantity over";
        "negative_stock": "库位、账面数、最后一笔单据", "bucket, figure, the last document that moved it";
        "recount_asked": "盘点单、扫描时间、期间的单据与时钟差", "the count, when it was scanned, what was posted meanwhile, by clocks how far apart";
        "stale_policy": "所用版本、时间、被哪个版本替换、何时", "the version, when, by what it was replaced, since when";
        "clock": "单据", "the document";
        "withdrawn_right": "规则与改动", "rule and change";
        "device_fork": "原设备、新设备、何时起、以原设备单号重新写入的单据", "the device, its successor, since when, which documents it wrote again under the old device's numbers";
        "forged_envelope": "规则与改动", "rule and change";
    }
    /// What can be decided.
    decisions {
        "over_return": "goodwill、recovered、charged_branch、voided_duplicate", "goodwill, recovered, charged_branch, voided_duplicate";
        "refund_over_entitlement": "goodwill、recovered、charged_branch", "goodwill, recovered, charged_branch";
        "duplicate_return": "voided_duplicate，或 goodwill（确是两件）", "voided_duplicate, or goodwill (two units they were)";
        "store_credit_overspent": "goodwill、recovered、charged_branch", "goodwill, recovered, charged_branch";
        "sale_changed": "goodwill（看过了）；错的文件用 import undo 撤回", "goodwill (seen); the wrong file is taken back by import undo";
        "unverified_sale": "return link 补认，或 goodwill、charged_branch", "return link, or goodwill, charged_branch";
        "conflicting_decision": "goodwill（看过了），或冲销其一", "goodwill (seen), or one is reversed";
        "late_in_transit": "transfer close：late、never_left、lost", "transfer close: late, never_left, lost";
        "transfer_short": "transfer close：late、never_left、lost", "transfer close: late, never_left, lost";
        "transfer_over": "goodwill（看过了）", "goodwill (seen)";
        "negative_stock": "盘点，或 recounted", "a count, or recounted";
        "recount_asked": "count recount，或 recounted", "count recount, or recounted";
        "stale_policy": "goodwill、charged_branch", "goodwill, charged_branch";
        "clock": "goodwill（校时）", "goodwill (the clock is set)";
        "withdrawn_right": "总部接纳该设备，或不理", "HQ admits it, or leaves it";
        "device_fork": "goodwill（看过了）；不应存在的一份用 device revoke 撤销", "goodwill (seen); a copy that ought not to be is withdrawn by device revoke";
        "forged_envelope": "查设备", "the device is looked into";
    }
    /// Who bears a loss.
    bears {
        "over_return": "决定中写明；之前待定", "who the decision names; undecided until then";
        "refund_over_entitlement": "决定中写明；之前待定", "who the decision names; undecided until then";
        "duplicate_return": "作废时决定中写明；之前没有损失", "who the decision names as it voids; no loss before";
        "store_credit_overspent": "决定中写明；之前待定", "who the decision names; undecided until then";
        "sale_changed": "无", "nobody";
        "unverified_sale": "无；超额部分归超额退款", "nobody; what was paid beyond is a refund over entitlement";
        "conflicting_decision": "无", "nobody";
        "late_in_transit": "lost 时写明", "who is named when it is lost";
        "transfer_short": "lost 时写明", "who is named when it is lost";
        "transfer_over": "无", "nobody";
        "negative_stock": "盘亏，归门店", "a variance of the branch";
        "recount_asked": "盘亏，归门店", "a variance of the branch";
        "stale_policy": "无", "nobody";
        "clock": "无", "nobody";
        "withdrawn_right": "无", "nobody";
        "device_fork": "无", "nobody";
        "forged_envelope": "无", "nobody";
    }
    /// What pins it: what arrives later with an earlier time doesn't turn it round.
    pins {
        "over_return": "已确认的付款意向、付款、红字发票、决定", "an acknowledged intent to pay, a payout, an issued red invoice, a decision";
        "refund_over_entitlement": "付款", "a payout";
        "duplicate_return": "已确认的付款意向、付款、决定", "an acknowledged intent to pay, a payout, a decision";
        "store_credit_overspent": "决定；再超支则重新打开", "a decision; spent further, it opens again";
        "sale_changed": "决定；说法再变则重新打开", "a decision; told otherwise again, it opens again";
        "unverified_sale": "sale_verified", "sale_verified";
        "conflicting_decision": "决定；再有冲突则重新打开", "a decision; another conflict opens it again";
        "late_in_transit": "决定；数量再变则重新打开", "a decision; another quantity opens it again";
        "transfer_short": "决定；数量再变则重新打开", "a decision; another quantity opens it again";
        "transfer_over": "决定；数量再变则重新打开", "a decision; another quantity opens it again";
        "negative_stock": "决定；再变动则重新打开", "a decision; moved again, it opens again";
        "recount_asked": "决定；再变动则重新打开", "a decision; moved again, it opens again";
        "stale_policy": "决定", "a decision";
        "clock": "决定", "a decision";
        "withdrawn_right": "决定；再有改动则重新打开", "a decision; another change opens it again";
        "device_fork": "决定；再写入单据则重新打开", "a decision; another document written again opens it again";
        "forged_envelope": "决定；再有改动则重新打开", "a decision; another change opens it again";
    }
}

texts! {
    /// The page's title.
    title() { zh: "# 异常的种类", en: "# Kinds of exceptions" }
    /// What the page is.
    introduction() {
        zh: "本页由 `guicang exception kinds --format markdown` 从程序打印。异常是事实的纯函数：同样的事实，无论以什么顺序到达，异常都相同；它从不阻止实物操作。决定只处理它看到的：之后又发生的会重新打开。最后一列是演示它的测试。",
        en: "Printed from the code by `guicang exception kinds --format markdown`. Exceptions are pure functions of the facts, the same for every order of arrival, and nothing physical is ever blocked by one. A decision settles what it saw: what happens since opens it again. The last column names the test that shows it.",
    }
    /// The table's head.
    columns() {
        zh: "| 种类 | 怎样发生 | 规则 | 依据 | 可作的决定 | 谁承担 | 由什么锁定 | 测试 |",
        en: "| kind | how it comes about | the rule | evidence | what can be decided | who bears it | what pins it | test |",
    }
}
