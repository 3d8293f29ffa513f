//! The texts that only the server shows, in both languages side by side.
//!
//! Beside those that both programs show: the catalogue is one.

use std::fmt::Display;

// The data folder.
texts! {
    /// The organisation was made.
    founded(name: &str, folder: &dyn Display) {
        zh: "已建立“{name}”，数据在 {folder}。",
        en: "Founded {name}; its data is in {folder}.",
    }
    /// The organisation's secret, shown once.
    secret(secret: &str) {
        zh: "组织密钥（只显示这一次，请离线保存；添加总部设备、恢复中继时要用）：\n  {secret}",
        en: "The organisation's secret (shown once; keep it off this machine; HQ devices and relays are made with it):\n  {secret}",
    }
    /// Found again.
    already_founded(folder: &dyn Display) {
        zh: "{folder} 里已经有一个组织。",
        en: "There is an organisation in {folder} already.",
    }
    /// Next: use it, or name another folder.
    already_founded_next() {
        zh: "直接使用，或用 --data 指定另一个文件夹。",
        en: "Use it, or name another folder with --data.",
    }
    /// No organisation yet.
    not_founded(folder: &dyn Display) {
        zh: "{folder} 里还没有组织。",
        en: "There is no organisation in {folder} yet.",
    }
    /// Next: found one.
    not_founded_next() {
        zh: "先执行 guicang-server init --name 名称。",
        en: "Make one first: guicang-server init --name NAME.",
    }
    /// The folder can't be used.
    folder_unusable(folder: &dyn Display, detail: &dyn Display) {
        zh: "数据文件夹 {folder} 不能用：{detail}。",
        en: "The data folder {folder} can't be used: {detail}.",
    }
    /// Next: look at the folder.
    folder_next() {
        zh: "请检查文件夹的权限和磁盘空间，或用 --data 指定另一个。",
        en: "Check the folder's permissions and the disk, or name another with --data.",
    }
    /// No place to put data.
    no_folder() {
        zh: "不知道数据放在哪里。",
        en: "It isn't known where the data is to be.",
    }
    /// Next: name a folder.
    no_folder_next() {
        zh: "请用 --data 文件夹，或设置 GUICANG_DATA。",
        en: "Name a folder with --data, or set GUICANG_DATA.",
    }
    /// The relay failed.
    relay_failed(detail: &dyn Display) {
        zh: "中继出错：{detail}",
        en: "The relay failed: {detail}",
    }
    /// The relay's file isn't what it was.
    relay_damaged(count: usize, findings: &str) {
        zh: "中继文件有 {count} 处不对：\n{findings}",
        en: "The relay's file has {count} faults:\n{findings}",
    }
    /// Next: restore.
    relay_damaged_next() {
        zh: "请从备份恢复数据文件夹；门店会把缺少的补上。",
        en: "Restore the data folder from a backup; the branches bring what it lacks.",
    }
    /// HQ could not follow the relay.
    follow_failed(detail: &dyn Display) {
        zh: "总部没能与中继对上：{detail}",
        en: "HQ could not follow the relay: {detail}",
    }
}

// Serving.
texts! {
    /// It listens.
    listening(address: &dyn Display) {
        zh: "已启动：{address}",
        en: "listening on {address}",
    }
    /// The address can't be listened on.
    listen_failed(address: &dyn Display, detail: &dyn Display) {
        zh: "不能在 {address} 上监听：{detail}。",
        en: "Can't listen on {address}: {detail}.",
    }
    /// Next: another address.
    listen_next() {
        zh: "请用 --listen 指定别的地址，如 127.0.0.1:8621；端口 0 表示任选。",
        en: "Name another with --listen, such as 127.0.0.1:8621; port 0 takes any.",
    }
    /// The process was asked to end.
    stopped() { zh: "已停止。", en: "Stopped." }
    /// Next after `init`.
    after_init() {
        zh: "guicang-server site add S01 --name 店名，再 guicang-server device enrol --site S01 取注册码。",
        en: "guicang-server site add S01 --name NAME, then guicang-server device enrol --site S01 for a code.",
    }
    /// Next once it serves.
    after_listening(address: &dyn Display) {
        zh: "用浏览器打开 {address}；门店用 guicang join {address} --code 注册码 加入。",
        en: "Open {address} in a browser; a branch joins with guicang join {address} --code CODE.",
    }
}

// Sites, devices, products.
texts! {
    /// A site was added or changed.
    site_put(code: &dyn Display) { zh: "门店 {code} 已保存。", en: "Site {code} saved." }
    /// Nothing differed.
    unchanged() { zh: "没有变化。", en: "Nothing differs." }
    /// Next: a device for the site.
    enrol_next(site: &dyn Display) {
        zh: "guicang-server device enrol --site \"{site}\" 取注册码。",
        en: "guicang-server device enrol --site \"{site}\" gives a code for a device.",
    }
    /// No such site.
    unknown_site(found: &dyn Display) {
        zh: "没有门店 {found}。",
        en: "There is no site {found}.",
    }
    /// Next: see or add sites.
    unknown_site_next() {
        zh: "guicang-server site list 查看，site add 添加。",
        en: "guicang-server site list shows them, site add adds one.",
    }
    /// A code.
    code(code: &str, until: &str) {
        zh: "注册码：{code}（{until} 前有效，只能用一次）",
        en: "Code: {code} (good once, until {until})",
    }
    /// Next: join with it.
    join_next(code: &str) {
        zh: "在门店执行 guicang join 网址 --code {code}。",
        en: "At the branch: guicang join URL --code {code}.",
    }
    /// A device was withdrawn.
    revoked(code: &dyn Display) { zh: "设备 {code} 已停用。", en: "Device {code} is withdrawn." }
    /// No such device.
    unknown_device(code: &dyn Display) {
        zh: "没有编码为 {code} 的门店设备。",
        en: "No device of a site has the code {code}.",
    }
    /// Next: see devices.
    devices_next() {
        zh: "guicang-server device list 查看设备。",
        en: "guicang-server device list shows them.",
    }
    /// Products were listed.
    products(rows: usize, changed: usize) {
        zh: "读入 {rows} 个商品，{changed} 个有变化。",
        en: "{rows} products read, {changed} differed.",
    }
    /// A list of articles was looked at.
    products_dry(rows: usize) {
        zh: "试运行：{rows} 个商品都读得懂，什么都没有写入。",
        en: "A dry run: {rows} products can be read; nothing was written.",
    }
    /// Next: look at them.
    products_next() {
        zh: "guicang-server product list 列出商品，product export 导出。",
        en: "guicang-server product list lists them, product export writes them out.",
    }
    /// One article twice in a list.
    listed_twice(sku: &str) {
        zh: "{sku} 在文件里出现了两次。什么都没有改动。",
        en: "{sku} is in the file twice. Nothing was changed.",
    }
    /// Sites were read.
    sites(rows: usize, changed: usize) {
        zh: "读入 {rows} 家门店，{changed} 家有变化。",
        en: "{rows} sites read, {changed} differed.",
    }
    /// A list of sites was looked at.
    sites_dry(rows: usize) {
        zh: "试运行：{rows} 家门店都读得懂，什么都没有写入。",
        en: "A dry run: {rows} sites can be read; nothing was written.",
    }
    /// Next: look at them.
    sites_next() {
        zh: "guicang-server site list 列出门店，site export 导出。",
        en: "guicang-server site list lists them, site export writes them out.",
    }
    /// Columns that a list must have.
    columns_missing(file: &dyn Display, missing: &str) {
        zh: "{file} 首行缺少这些列：{missing}。什么都没有改动。",
        en: "{file} lacks columns in its first line: {missing}. Nothing was changed.",
    }
    /// Next: what a list looks like.
    columns_missing_next() {
        zh: "需要首行为列名的 CSV（可用 product export、site export 导出一份作样板）。",
        en: "Wanted: CSV with headers in its first line; product export and site export write examples.",
    }
    /// Columns that weren't read.
    columns_unread(columns: &str) {
        zh: "没有读取的列：{columns}",
        en: "columns that were not read: {columns}",
    }
    /// A row of a list is wrong.
    row_wrong(line: u64, detail: &str) { zh: "第 {line} 行：{detail}", en: "line {line}: {detail}" }
    /// Rows of a list are wrong.
    rows_wrong(count: usize, rows: &str) {
        zh: "有 {count} 行不对，什么都没有改动：\n{rows}",
        en: "Nothing was changed; rows that are wrong: {count}\n{rows}",
    }
    /// Next: correct them.
    rows_wrong_next() {
        zh: "请改正文件后再执行一次；--dry-run 可先检查。",
        en: "Correct the file and run it again; --dry-run looks first.",
    }
    /// A list was written out.
    exported(rows: usize, file: &dyn Display) {
        zh: "已导出 {rows} 行到 {file}。",
        en: "{rows} rows written to {file}.",
    }
    /// A file can't be written.
    file_unwritable(file: &dyn Display, detail: &dyn Display) {
        zh: "写不了 {file}：{detail}。",
        en: "Can't write {file}: {detail}.",
    }
    /// Next: another file.
    file_unwritable_next() {
        zh: "请检查目录权限和磁盘空间，或换一个文件名。",
        en: "Check the folder's permissions and the disk's room, or name another file.",
    }
    /// No such article.
    unknown_product(sku: &str) { zh: "没有商品 {sku}。", en: "There is no product {sku}." }
    /// Headings of an article's table.
    unit() { zh: "单位", en: "unit" }
    /// What is asked for one.
    list_price() { zh: "零售价", en: "list price" }
    /// What one cost.
    cost() { zh: "成本", en: "cost" }
    /// A category.
    category() { zh: "类别", en: "category" }
    /// Fields edited twice while apart.
    losing() { zh: "并发修改", en: "edited twice" }
    /// A value that isn't shown.
    lost(field: &str, values: &str) {
        zh: "{field} 同时被改成过：{values}（现在显示的是另一个值；再改一次即可定下来）",
        en: "{field} was also set to: {values} (another value is shown; set it once more to settle it)",
    }
    /// A role.
    role_hq() { zh: "总部", en: "HQ" }
    /// A role.
    role_relay() { zh: "中继", en: "relay" }
    /// A device's standing.
    valid() { zh: "在用", en: "valid" }
    /// A device's standing.
    withdrawn() { zh: "已停用", en: "withdrawn" }
    /// A device's standing.
    not_yet() { zh: "未到启用时间", en: "not yet" }
}

// Decisions and payouts.
texts! {
    /// An exception is settled.
    resolved(number: &dyn Display, loss: &str, owner: &str) {
        zh: "已处理（{number}），损失 {loss} 由 {owner} 承担。",
        en: "Settled ({number}); {owner} bears {loss}.",
    }
    /// What a run of payouts did.
    payout_line(paid: usize, failed: usize, pending: usize, unanswered: usize) {
        zh: "已付 {paid} 笔，失败 {failed} 笔，待确认 {pending} 笔，渠道无应答 {unanswered} 笔。",
        en: "{paid} paid, {failed} failed, {pending} pending, {unanswered} without answer from the rail.",
    }
    /// Another is paying.
    payout_held(until: &str) {
        zh: "另一个进程正在付款，占用到 {until}。",
        en: "Another process is paying out, until {until}.",
    }
    /// Next: run it again.
    payout_again() {
        zh: "稍后再执行 guicang-server payout run；重复执行不会重复付款。",
        en: "Run guicang-server payout run again later; nothing is ever paid twice.",
    }
    /// The rail.
    rail_failed(detail: &dyn Display) { zh: "付款渠道出错：{detail}", en: "The payment rail failed: {detail}" }
    /// Next: see returns.
    returns_next() {
        zh: "guicang-server return list 查看退货单。",
        en: "guicang-server return list shows returns.",
    }
}

// Column headings and the page.
texts! {
    /// Heading.
    code_heading() { zh: "编码", en: "code" }
    /// Heading.
    name() { zh: "名称", en: "name" }
    /// Heading.
    zone() { zh: "时区", en: "zone" }
    /// Heading.
    role() { zh: "身份", en: "role" }
    /// Heading.
    last_sync() { zh: "最近同步", en: "last sync" }
    /// Heading.
    unsent() { zh: "未上传", en: "unsent" }
    /// Heading.
    unsent_refunds() { zh: "未上传退款", en: "unsent refunds" }
    /// Heading.
    devices() { zh: "设备", en: "devices" }
    /// Never.
    never() { zh: "从未", en: "never" }
    /// The page's title.
    page_title() { zh: "总部", en: "Headquarters" }
    /// Section.
    sites_section() { zh: "门店", en: "Sites" }
    /// Section.
    stock_section() { zh: "库存", en: "Stock" }
    /// Section.
    returns_section() { zh: "退货", en: "Returns" }
    /// Section.
    exceptions_section() { zh: "待处理异常", en: "Open exceptions" }
    /// How many of imported history.
    historic_count(n: usize) {
        zh: "另有 {n} 条来自导入的历史数据。",
        en: "Besides, {n} come of imported history.",
    }
    /// What HQ is and holds.
    hq_status(name: &str, sites: usize, documents: u64, policy: &str) {
        zh: "{name} 总部：{sites} 家门店，{documents} 张单据，退货政策 {policy}",
        en: "{name}, HQ: {sites} sites, {documents} documents, return policy {policy}",
    }
    /// What isn't on the relay, and what was set apart.
    hq_unsent(unsent: u64, aside: usize) {
        zh: "未送到中继 {unsent} 个变更，被拒或搁置 {aside} 个",
        en: "{unsent} changes not on the relay yet, {aside} refused or set apart",
    }
    /// What stands granted on sales that nobody has seen.
    exposure_now(provisional: &str, returns: u64, currency: &dyn Display) {
        zh: "未核实退款敞口：现有 {provisional} {currency}（{returns} 张）。",
        en: "Exposure to unverified refunds: {provisional} {currency} now, on {returns} returns.",
    }
    /// What of it rests on signed receipts, which may be copies.
    exposure_proven(proven: &str, returns: u64, currency: &dyn Display) {
        zh: "其中凭签名小票 {proven} {currency}（{returns} 张）。",
        en: "Of that {proven} {currency} by signed receipts, on {returns} returns.",
    }
    /// What can be lost at most.
    exposure_at_most(right: &str, apart: &str, currency: &dyn Display, worst: &str, line: &str) {
        zh: "最多：售出门店可退 {right}，其他门店离线可退 {apart} {currency}；单行最高 {worst}（{line}）。",
        en: "At most: {right} by the sellers, {apart} {currency} by branches that do not hold the sale; {worst} on one line ({line}).",
    }
    /// Changes at the relay that HQ has not folded.
    behind(missing: u64) {
        zh: "有 {missing} 个变更已到总部但还没有计入下面的数字。若一直如此，请看 guicang-server serve 的输出，并运行 guicang-server doctor。",
        en: "{missing} changes have reached the relay and are not in these figures yet. If this stays, see what guicang-server serve prints, and run guicang-server doctor.",
    }
    /// That only the first rows of the stock are shown.
    first_rows(shown: usize) {
        zh: "只显示前 {shown} 行；输入货号或门店查询其他。",
        en: "The first {shown} rows; search for an article or a site to see others.",
    }
    /// Rows were left out.
    shown_of(shown: usize, all: usize) { zh: "显示 {shown} / {all} 行", en: "{shown} of {all} rows shown" }
    /// A form's button.
    search() { zh: "查询", en: "Search" }
    /// No rows.
    none() { zh: "没有", en: "None" }
    /// The other language.
    other_language() { zh: "English", en: "中文" }
    /// When the page was made.
    as_of(time: &str) { zh: "截至 {time}", en: "as of {time}" }
    /// The page failed.
    page_failed() { zh: "页面出错，详见服务器日志。", en: "The page failed; the server's log says why." }
}
