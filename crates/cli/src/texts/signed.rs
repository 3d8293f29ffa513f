//! Signed receipts in words.

use std::fmt::Display;

texts! {
    /// The column of what the paper says has come back.
    printed() { zh: "票面已退", en: "returned (paper)" }
    /// The column of what at least has come back.
    known() { zh: "已知已退", en: "returned (known)" }
    /// Which printing it is, and who signed.
    signed(printing: u32, by: &str) {
        zh: "第 {printing} 次打印，由 {by} 签名",
        en: "printing {printing}, signed by {by}",
    }
    /// Who countersigned what is left.
    countersigned(by: &str) { zh: "，余量由 {by} 加签", en: "; what is left countersigned by {by}" }
    /// A tender of it.
    tender(name: &str, paid: &str, refunded: &str) {
        zh: "{name} 付 {paid}，已退 {refunded}",
        en: "{name}: paid {paid}, refunded {refunded}",
    }
    /// By which policy it was sold.
    sold_under(policy: &str) { zh: "销售时的政策：{policy}", en: "policy when it was sold: {policy}" }
    /// The paper is genuine.
    genuine() { zh: "签名有效。", en: "The signature holds." }
    /// What it can't tell.
    may_be_copied() {
        zh: "签名只证明卖了什么；票可以复印，别处退过没有，以同步后为准。",
        en: "It proves what was sold. A paper can be copied: what came back elsewhere shows after a sync.",
    }
    /// The sale is here as well.
    held_here() { zh: "本店有这笔销售，以本店记录为准。", en: "The sale is held here, and counts." }
    /// A return took something of it.
    anew(code: &str) { zh: "重印签名小票（余量）：\n{code}", en: "signed receipt anew, with what is left:\n{code}" }
    /// A return's sale was proven.
    return_proven() {
        zh: "本店没有这笔销售，签名小票已证明；总部核实前占用本店的离线额度。",
        en: "The sale is not held here; the signed receipt proves it. It draws on this branch's offline limits until HQ has seen the sale.",
    }
    /// Something else was read.
    not_ours(found: &str) {
        zh: "“{found}”不是签名小票：签名小票以 GC1: 开头。",
        en: "{found:?} is no signed receipt: those begin with GC1:.",
    }
    /// A newer program's.
    newer(found: u32, reads: u32) {
        zh: "这张签名小票是第 {found} 版，本程序只认第 {reads} 版。",
        en: "The signed receipt has version {found}; this program reads version {reads}.",
    }
    /// Too much for a QR code.
    too_long(letters: usize, most: usize) {
        zh: "签名小票有 {letters} 个字符，二维码最多容纳 {most} 个。",
        en: "The signed receipt has {letters} letters; a QR code holds {most}.",
    }
    /// It can't be read.
    damaged(detail: &str) {
        zh: "签名小票损坏或不完整（{detail}）。",
        en: "The signed receipt is damaged: {detail}.",
    }
    /// Another chain's.
    other_organisation(found: &str) {
        zh: "这是别的组织（{found}）的签名小票。",
        en: "The signed receipt is of another organisation ({found}).",
    }
    /// Nobody here has heard of the device.
    unknown_device(device: &dyn Display, site: &dyn Display) {
        zh: "门店 {site} 的这张小票由设备 {device} 签名，本机还没有这台设备的授权。",
        en: "Receipt of {site}, signed by device {device}: no grant for it is known here.",
    }
    /// The device is another site's.
    not_entitled(device: &dyn Display, site: &dyn Display) {
        zh: "设备 {device} 无权为门店 {site} 的小票签名。",
        en: "Device {device} may not sign receipts of {site}.",
    }
    /// HQ had withdrawn the device.
    withdrawn(device: &dyn Display, since: &str) {
        zh: "签名的设备 {device} 已于 {since} 被总部停用。",
        en: "HQ withdrew device {device}, which signed the receipt, at {since}.",
    }
    /// It says something else than what was signed.
    signature(device: &dyn Display) {
        zh: "签名不是设备 {device} 的：内容被改过，或是伪造的。",
        en: "The signature is not that of device {device}: it was changed, or forged.",
    }
    /// The sale isn't here to be signed for.
    not_held(receipt: &dyn Display) {
        zh: "本机没有小票 {receipt} 的销售，不能签名。",
        en: "The sale of {receipt} is not held here, so that it can't be signed for.",
    }
    /// Standard input can't be read.
    stdin_unreadable(detail: &dyn Display) {
        zh: "读不了标准输入：{detail}。",
        en: "Standard input can't be read: {detail}.",
    }
    /// Read it again.
    scan_again() { zh: "重新扫描整个二维码。", en: "Scan the whole code again." }
    /// Leave it.
    keep_out() { zh: "到开票的商家办理。", en: "It is for the shop that sold." }
    /// Hear of the device, or do without.
    sync_or_provisional(program: &str) {
        zh: "先 {program} sync；或凭小票号暂记：{program} return counter --sale 门店/小票号 --price 单价 …。",
        en: "{program} sync first; or take it provisionally: {program} return counter --sale SITE/NUMBER --price P ...",
    }
    /// Do without.
    provisional(program: &str) {
        zh: "凭小票号暂记，待总部核实：{program} return counter --sale 门店/小票号 --price 单价 …。",
        en: "Take it provisionally, for HQ to verify: {program} return counter --sale SITE/NUMBER --price P ...",
    }
    /// Where it can be signed.
    sign_there(site: &dyn Display) { zh: "到门店 {site} 或总部签名。", en: "Sign it at {site}, or at HQ." }
    /// Use it.
    take_back(program: &str) {
        zh: "{program} return counter --receipt-code 签名小票 --item 货号=数量 … 办理退货。",
        en: "{program} return counter --receipt-code CODE --item SKU=QTY ... takes goods back.",
    }
}
