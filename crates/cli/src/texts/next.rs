//! What a person can do next: the line on standard error that ends each command.

use std::fmt::Display;

texts! {
    /// The line itself.
    line(text: &str) { zh: "下一步：{text}", en: "Next: {text}" }
    /// Look at the program's help.
    help_of(program: &str) {
        zh: "{program} --help 查看用法。",
        en: "{program} --help shows how it is used.",
    }
    /// Look at a command's help.
    help(program: &str, command: &str) {
        zh: "{program} {command} --help 查看用法。",
        en: "{program} {command} --help shows how it is used.",
    }
}

texts! {
    /// After an unknown SKU.
    stock(program: &str) {
        zh: "{program} stock show 列出所有货号。",
        en: "{program} stock show lists every SKU.",
    }
    /// After something about a receipt.
    sale(program: &str, receipt: &str) {
        zh: "{program} sale show {receipt} 查看小票上还能退什么。",
        en: "{program} sale show {receipt} shows what can still come back.",
    }
    /// After an unknown return.
    returns(program: &str) {
        zh: "{program} return list 列出退货单。",
        en: "{program} return list lists the returns.",
    }
    /// After something about a return.
    show_return(program: &str, number: &str) {
        zh: "{program} return show {number} 查看这张退货单。",
        en: "{program} return show {number} shows this return.",
    }
    /// Use the identity instead of the number.
    use_identity() {
        zh: "请用单据的完整标识（return list --json 里的 id）代替单号。",
        en: "Give the document's identity (`id` of return list --json) instead of its number.",
    }
    /// After an unknown site.
    sites(program: &str) {
        zh: "{program} totals 列出所有门店。",
        en: "{program} totals lists the sites.",
    }
    /// After an unknown exception.
    exceptions(program: &str) {
        zh: "{program} exception list 列出所有异常。",
        en: "{program} exception list lists the exceptions.",
    }
    /// Do it again with another value.
    correct() { zh: "请改正后再执行一次。", en: "Correct it and run the command again." }
    /// A manager's name is needed.
    approve() {
        zh: "请经理确认后加 --approved-by 经理姓名，再执行一次。",
        en: "Have a manager agree, then run it again with --approved-by NAME.",
    }
    /// Goods in returns_hold are moved by their return.
    name_return(program: &str) {
        zh: "加 --return 单号；或用 {program} return inspect 定去向，丢失的用 {program} stock lost 登记。",
        en: "Add --return NUMBER; or say where they go with {program} return inspect, or that they are lost with {program} stock lost.",
    }
    /// Another person has to approve.
    another_approver() {
        zh: "请换一位经理，用 --approved-by 写上姓名。",
        en: "Have another manager approve: --approved-by NAME.",
    }
    /// A newer program is needed.
    upgrade() { zh: "请先升级本程序。", en: "Install a newer version of this program." }
    /// HQ does it.
    ask_hq() {
        zh: "请在总部用 guicang-server 办理。",
        en: "Have it done at HQ, with guicang-server.",
    }
    /// Name the site.
    name_site() { zh: "请加 --site 门店编码。", en: "Add --site CODE." }
    /// Name the price.
    name_price() { zh: "请加 --price 单价。", en: "Add --price P, the price of one." }
    /// Check permissions.
    permissions() {
        zh: "请检查文件和目录的写权限后再执行一次。",
        en: "Check that the file and its folder can be written, then run it again.",
    }
    /// Make room.
    make_room() { zh: "请清出磁盘空间后再执行一次。", en: "Make room on the disk, then run it again." }
    /// Try again.
    again() { zh: "请稍后再执行一次。", en: "Run it again in a moment." }
    /// See what is wrong with the file.
    doctor(program: &str) {
        zh: "{program} doctor 检查数据文件。",
        en: "{program} doctor examines the file.",
    }
    /// Make or join.
    make_file(program: &str) {
        zh: "{program} join 网址 --code 注册码 加入总部，或 {program} init 单独试用。",
        en: "{program} join URL --code C joins HQ; {program} init makes one to try alone.",
    }
    /// A file belongs on the machine's own disk.
    own_disk(program: &str) {
        zh: "请把文件放到本机磁盘（如 C 盘或用户目录）；多台机器各用各的文件，用 {program} sync 交换数据。",
        en: "Put it on this machine's own disk; each machine has a file of its own, and {program} sync brings what is in one to the others.",
    }
    /// One machine at a time.
    one_machine(program: &str) {
        zh: "如果文件是搬到本机来的，请在那台机器上停用，到时间后再试；否则每台机器各用各的文件，用 {program} sync 交换数据。",
        en: "If the file was moved here, stop using it there and try again after that time; otherwise give each machine a file of its own, and let {program} sync bring what is in one to the others.",
    }
    /// Name another file.
    other_file() { zh: "请指定另一个文件名。", en: "Name another file." }
    /// A new code from HQ.
    new_code() {
        zh: "请总部重新发放注册码（guicang-server device enrol）。",
        en: "Have HQ give out a new code (guicang-server device enrol).",
    }
}

texts! {
    /// Goods are awaited.
    receive(program: &str, number: &str) {
        zh: "货到后 {program} return receive {number}。",
        en: "{program} return receive {number} when the goods arrive.",
    }
    /// Goods wait for inspection.
    inspect(program: &str, number: &str) {
        zh: "{program} return inspect {number} --grade A=1 记录质检结果。",
        en: "{program} return inspect {number} --grade A=1 records the inspection.",
    }
    /// Money is owed.
    refund(program: &str, number: &str) {
        zh: "{program} return refund {number} --tender cash 办理退款。",
        en: "{program} return refund {number} --tender cash refunds it.",
    }
    /// Something was written.
    after_write(program: &str) {
        zh: "{program} stock show 查看库存；联网后 {program} sync 送到总部。",
        en: "{program} stock show shows the stock; {program} sync takes it to HQ once there is a line.",
    }
    /// Correct stock.
    adjust(program: &str) {
        zh: "{program} stock adjust 货号 --add 数量 --reason 原因 调整库存。",
        en: "{program} stock adjust SKU --add QTY --reason R corrects it.",
    }
    /// Take goods of a receipt back.
    take_back(program: &str, receipt: &str) {
        zh: "{program} return counter --sale {receipt} --item 货号=数量 … 办理退货。",
        en: "{program} return counter --sale {receipt} --item SKU=QTY ... takes goods back.",
    }
    /// The sale is another branch's.
    receipt_elsewhere(program: &str) {
        zh: "别店的小票照样可退：{program} return counter --sale 门店/小票号 --price 单价 …，记为暂定。",
        en: "Another branch's receipt can come back too, provisionally: {program} return counter --sale SITE/NUMBER --price P ...",
    }
    /// Look at an exception.
    show_exception(program: &str, id: &str) {
        zh: "{program} exception show \"{id}\" 查看依据。",
        en: "{program} exception show \"{id}\" shows the evidence.",
    }
    /// Have an exception resolved.
    resolve(id: &str) {
        zh: "总部用 guicang-server exception resolve \"{id}\" 处理。",
        en: "HQ settles it: guicang-server exception resolve \"{id}\".",
    }
    /// Make the projections anew.
    rebuild(program: &str) {
        zh: "{program} rebuild 由原始记录重建；仍有问题请从备份恢复或联系总部。",
        en: "{program} rebuild makes everything shown anew from the facts; if it stays, restore a backup or ask HQ.",
    }
}

texts! {
    /// Sync.
    sync(program: &str) {
        zh: "{program} sync 与总部同步。",
        en: "{program} sync exchanges what is missing with HQ.",
    }
    /// Sync later.
    sync_later(program: &str) {
        zh: "线路恢复后再 {program} sync，或用 --every 60s 一直试。",
        en: "{program} sync again when the line is back, or let --every 60s keep trying.",
    }
    /// Wait, and send the rest.
    push_later(program: &str) {
        zh: "稍后再 {program} sync，或用 --every 60s 自动继续。",
        en: "{program} sync again later, or let --every 60s go on by itself.",
    }
    /// What an address looks like.
    address() {
        zh: "网址形如 http://hq.example.com:8080。",
        en: "An address looks like http://hq.example.com:8080.",
    }
    /// Check the address.
    check_relay() {
        zh: "请检查网址和端口，以及是否被网络的登录页面拦截。",
        en: "Check address and port, and whether the network wants a sign-in on a page of its own first.",
    }
    /// Upgrade, or tell somebody.
    upgrade_or_report() {
        zh: "请确认两端程序版本；仍有问题请联系总部。",
        en: "Check that both ends run the same version; if it stays, tell HQ.",
    }
    /// Ask for this device to be let in again.
    ask_readmission() {
        zh: "请联系总部重新启用，或用新的注册码加入。",
        en: "Ask HQ to admit it again, or join with a new code.",
    }
    /// Look at what was refused.
    status(program: &str) {
        zh: "{program} status 查看被拒的内容和原因。",
        en: "{program} status shows what was refused and why.",
    }
    /// The relay lacks what others wrote.
    relay_lacks(program: &str) {
        zh: "{program} trace 单号 查看一张单据的变更各到了哪里、在等谁。",
        en: "{program} trace NUMBER tells of a document where its changes are, and whom each waits for.",
    }
    /// The sums differ.
    not_proven(program: &str) {
        zh: "再执行一次 {program} sync；仍不一致请 {program} doctor 并联系总部。",
        en: "Run {program} sync again; if it stays, run {program} doctor and tell HQ.",
    }
    /// After `init`.
    first_steps(program: &str) {
        zh: "{program} stock adjust 货号 --add 50 --as opening --reason count 记期初，再 {program} return counter … 退货。",
        en: "{program} stock adjust SKU --add 50 --as opening --reason count, then {program} return counter ...",
    }
}

texts! {
    /// Another profile.
    other_profile() {
        zh: "请用 --profile 指定与文件相符的格式，或写一个 TOML 格式文件。",
        en: "Name the profile that fits by --profile, or write one as a TOML file.",
    }
    /// See what was imported.
    imports(program: &str) {
        zh: "{program} import list 列出导入记录。",
        en: "{program} import list lists the imports.",
    }
    /// After an import.
    after_import(program: &str, number: &str) {
        zh: "{program} stock show 查看库存；导错了用 {program} import undo {number} 冲销。",
        en: "{program} stock show shows the stock; {program} import undo {number} takes a wrong file back.",
    }
    /// After an import was undone.
    after_undo(program: &str) {
        zh: "{program} import 文件 重新导入正确的文件；原记录和冲销都保留，见 {program} import list。",
        en: "{program} import FILE brings the right file in; both stay on record: {program} import list.",
    }
    /// Import again.
    import_again() {
        zh: "文件完好后重新导入，已有的行不会重复计算。",
        en: "Import again once the file is whole: rows that are known aren't counted twice.",
    }
}

texts! {
    /// Goods are under way.
    receive_transfer(program: &str, number: &str, to: &dyn std::fmt::Display) {
        zh: "货到 {to} 后在那里 {program} transfer receive {number}。",
        en: "at {to}, when the goods arrive: {program} transfer receive {number}.",
    }
    /// Goods are missing.
    close_transfer(program: &str, number: &str) {
        zh: "{program} transfer close {number} --as late|never_left|lost 说明缺的货的下落。",
        en: "{program} transfer close {number} --as late|never_left|lost says what became of the rest.",
    }
    /// After an unknown transfer.
    receive_unknown(program: &str, number: &str) {
        zh: "{program} transfer list 列出调拨单；货到而发货记录未到时：{program} transfer receive {number} --from 门店 --item 货号=数量。",
        en: "{program} transfer list lists the transfers; where goods came before their dispatch: {program} transfer receive {number} --from SITE --item SKU=QTY.",
    }
    /// List transfers.
    transfers(program: &str) {
        zh: "{program} transfer list 列出调拨单。",
        en: "{program} transfer list lists the transfers.",
    }
    /// Look at a transfer.
    show_transfer(program: &str, number: &str) {
        zh: "{program} transfer show {number} 查看这张调拨单。",
        en: "{program} transfer show {number} shows this transfer.",
    }
    /// More arrived than was sent.
    over() {
        zh: "请改正数量；确实多收的，加 --over 再执行一次。",
        en: "Correct the quantity; if more did come, run it again with --over.",
    }
    /// Goods wait to be shipped.
    ship_claim(program: &str, number: &str) {
        zh: "发货时 {program} supplier-return ship {number}。",
        en: "{program} supplier-return ship {number} when the goods leave.",
    }
    /// A claim is open.
    close_claim(program: &str, number: &str) {
        zh: "{program} supplier-return close {number} --as credited --price 单价 … 结清。",
        en: "{program} supplier-return close {number} --as credited --price P ... when the supplier answers.",
    }
    /// List supplier returns.
    supplier_returns(program: &str) {
        zh: "{program} supplier-return list 列出采购退货单。",
        en: "{program} supplier-return list lists the supplier returns.",
    }
    /// Look at a supplier return.
    show_supplier_return(program: &str, number: &str) {
        zh: "{program} supplier-return show {number} 查看这张采购退货单。",
        en: "{program} supplier-return show {number} shows this supplier return.",
    }
    /// A witness is needed.
    witness() {
        zh: "请另一人在场，加 --witness 姓名；或用 --hold 先列为待报废。",
        en: "Have somebody see it: --witness NAME; or only set it apart: --hold.",
    }
    /// Goods are kept.
    release(program: &str, number: &str) {
        zh: "{program} stock release {number} 释放；已取走的加 --used。",
        en: "{program} stock release {number} frees it; with --used when it was taken.",
    }
    /// After a period that isn't over.
    wait_for_end() {
        zh: "月末之后，中继确认过任何一次上报，即可结账。",
        en: "Close it once the relay has acknowledged anything since its end.",
    }
    /// After a period that is closed.
    show_period(program: &str, period: &dyn Display) {
        zh: "{program} period show {period} 查看这个月，以及结账后补到的单据。",
        en: "{program} period show {period} shows it, and what came late.",
    }
    /// A period that can be closed.
    close_period(program: &str, period: &dyn Display) {
        zh: "{program} period close {period} 结账。",
        en: "{program} period close {period} closes it.",
    }
    /// List reservations.
    reservations(program: &str) {
        zh: "{program} stock reservations 列出预留单。",
        en: "{program} stock reservations lists the reservations.",
    }
}
