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
    /// An adjustment of what is being counted blind.
    adjusted_alone(number: &dyn Display) {
        zh: "调整单 {number} 已记账。",
        en: "Adjustment {number} recorded.",
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
    /// A receipt that two documents tell differently.
    told_twice(receipt: &dyn Display) {
        zh: "小票 {receipt} 有两种记录",
        en: "receipt {receipt} is told in two ways",
    }
    /// A return without receipt.
    no_receipt() { zh: "没有小票", en: "no receipt" }
}

texts! {
    /// An organisation was made.
    founded(name: &str, organisation: &str, site: &str, secret: &str) {
        zh: "组织：{name}（{organisation}）\n门店：{site}\n组织密钥：{secret}",
        en: "organisation: {name} ({organisation})\nsite: {site}\nthe organisation's key: {secret}",
    }
    /// What to do with the key.
    keep_secret() {
        zh: "组织密钥只显示这一次，本机不保存。请离线妥善保管。",
        en: "The organisation's key is shown this once and not kept here. Keep it safe, off this machine.",
    }
    /// A device joined.
    joined(name: &str, site: &str, code: &str) {
        zh: "已加入 {name}，门店 {site}，设备编码 {code}",
        en: "joined {name}, site {site}, device code {code}",
    }
    /// What a session exchanged; what is unsent and what is proven follow.
    sync_done(sent: u64, fetched: u64, refused: u64) {
        zh: "发送 {sent}，收到 {fetched}，被拒 {refused}",
        en: "sent {sent}, fetched {fetched}, refused {refused}",
    }
    /// What is still unsent.
    sync_unsent(changes: u64, refunds: &str) {
        zh: "；未发送 {changes}（退款 {refunds}）",
        en: "; still unsent {changes} (refunds {refunds})",
    }
    /// Both ends hold the same.
    sync_proven(positions: &str) { zh: "；两端一致：{positions}", en: "; proven equal up to {positions}" }
    /// All that differs is what the relay will only take from others.
    sync_lacks(lacks: u64) {
        zh: "；总部中继缺本机已有的 {lacks} 项变更，其余一致",
        en: "; equal but for {lacks} that HQ's relay lacks",
    }
    /// Where the relay is.
    relay_at(url: &str) { zh: "总部中继：{url}", en: "HQ's relay: {url}" }
    /// What the relay lacks, and why it isn't sent from here.
    relay_lacks(lacks: u64) {
        zh: "本机持有 {lacks} 项别的设备写的变更，总部中继还没有：要等写它的设备同步，才能证明两端完全一致。这里不缺什么。",
        en: "Held here and not at HQ's relay: {lacks}, which other devices wrote. It takes them when those devices sync; then both ends can be proven equal. Nothing is missing here.",
    }
    /// Both ends were not proven to hold the same.
    sync_not_proven() { zh: "；两端一致未能证明", en: "; not proven equal" }
    /// A lasting sync was ended.
    stopped() { zh: "已停止。", en: "Stopped." }
    /// Who this is.
    status_head(name: &str, site: &str, code: &str, documents: u64) {
        zh: "{name}，门店 {site}，设备 {code}，{documents} 张单据",
        en: "{name}, site {site}, device {code}, {documents} documents",
    }
    /// The relay and the last session.
    status_relay(relay: &str, last: &str) {
        zh: "总部 {relay}，上次同步 {last}",
        en: "HQ at {relay}, last sync {last}",
    }
    /// There is no relay.
    status_alone() { zh: "单独试用，没有总部", en: "on trial, without HQ" }
    /// What is unsent.
    status_unsent(changes: u64, refunds: &str) {
        zh: "未发送 {changes} 个变更，其中退款 {refunds}",
        en: "{changes} changes unsent, refunds in them {refunds}",
    }
    /// A change that was refused or set apart.
    set_aside(how: &str, number: &str, rule: &str, detail: &str) {
        zh: "{how}：{number} {rule} {detail}",
        en: "{how}: {number} {rule} {detail}",
    }
}

texts! {
    /// The word before an import's progress.
    importing() { zh: "导入中", en: "importing" }
    /// The word before an undoing's progress.
    undoing() { zh: "冲销中", en: "undoing" }
    /// An import was undone.
    undone(number: &str, file: &str, documents: u64) {
        zh: "导入 {number}（{file}）已冲销：{documents} 张单据。",
        en: "Import {number} ({file}) is undone: {documents} documents reversed.",
    }
    /// A row that was left out.
    left_out(line: u64, reason: &str, column: &str, found: &str) {
        zh: "第 {line} 行未导入：{reason}，{column}={found:?}",
        en: "line {line} left out: {reason}, {column}={found:?}",
    }
    /// More of them.
    left_out_more(count: u64) {
        zh: "另有 {count} 行未导入，用 --json 查看明细。",
        en: "{count} more left out; --json lists them.",
    }
    /// Receipts whose tenders don't add up.
    tenders_differ(count: u64) {
        zh: "有 {count} 张小票的支付合计与商品实收不符，按文件原样导入。",
        en: "{count} receipts whose tenders don't come to what was paid for their lines: taken as the file has them.",
    }
    /// Nothing was written.
    dry_run() { zh: "试运行：什么都没有写入。", en: "A dry run: nothing was written." }
    /// Rows skipped for a reason.
    skipped(reason: &str) { zh: "跳过：{reason}", en: "skipped: {reason}" }
    /// Rows held before.
    known() { zh: "此前已有", en: "already known" }
    /// All rows.
    all_rows() { zh: "合计行数", en: "all rows" }
    /// Return rows linked to sales.
    returns_matched() { zh: "退货行：全部对上销售", en: "return lines matched" }
    /// Return rows linked in part.
    returns_partly() { zh: "退货行：部分对上", en: "return lines partly matched" }
    /// Return rows not linked.
    returns_unmatched() { zh: "退货行：未对上", en: "return lines unmatched" }
}

texts! {
    /// A command on a transfer was done.
    transfer_done(number: &dyn Display, states: &str) {
        zh: "调拨单 {number}：{states}。",
        en: "Transfer {number}: {states}.",
    }
    /// A delivery whose dispatch isn't known.
    names_dispatch(papers: &str) {
        zh: "对应调拨单 {papers}（尚未收到发货记录）",
        en: "names the dispatch {papers}, which is not known here yet",
    }
    /// A delivery that was received before its dispatch was known.
    joined_delivery(number: &str) {
        zh: "并入先到的收货单 {number}",
        en: "with {number}, received before the dispatch was known",
    }
    /// A loss and who bears it.
    borne_by(amount: &str, currency: &str, owner: &str) {
        zh: "损失 {amount} {currency}，承担方：{owner}",
        en: "lost {amount} {currency}, borne by {owner}",
    }
    /// A command on a supplier return was done.
    supplier_return_done(number: &dyn Display, states: &str) {
        zh: "采购退货单 {number}：{states}。",
        en: "Supplier return {number}: {states}.",
    }
    /// A claim's money.
    claim_line(claimed: &str, credited: &str, lost: &str, open: &str, currency: &str) {
        zh: "索赔 {claimed} {currency}，已贷记 {credited}，损失 {lost}，未结 {open}",
        en: "claimed {claimed} {currency}, credited {credited}, lost {lost}, open {open}",
    }
    /// Goods were repaired, scrapped, marked down.
    goods_moved(number: &dyn Display, movement: &str) {
        zh: "调整单 {number} 已记账：{movement}。",
        en: "Adjustment {number} recorded: {movement}.",
    }
    /// A command on a reservation was done.
    reservation_done(number: &str, state: &str) {
        zh: "预留单 {number}：{state}。",
        en: "Reservation {number}: {state}.",
    }
}
