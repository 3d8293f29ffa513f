//! What went wrong, and what to do about it where that isn't a command.

use std::fmt::Display;

texts! {
    /// The lead of every failure.
    lead(message: &str) { zh: "出错了：{message}", en: "Error: {message}" }
    /// The lead of a wrong command line, before the parser's own words.
    usage() { zh: "命令写得不对，详情如下。", en: "The command line is wrong; details follow." }
    /// The configuration file can't be read.
    config_unreadable(path: &dyn Display, reason: &dyn Display) {
        zh: "配置文件 {path} 读不了：{reason}",
        en: "The configuration {path} can't be read: {reason}",
    }
    /// The configuration file is malformed.
    config_malformed(path: &dyn Display, detail: &str) {
        zh: "配置文件 {path} 有误：{detail}",
        en: "The configuration {path} is wrong: {detail}",
    }
    /// What to do about the configuration.
    config_next(path: &dyn Display) {
        zh: "请改正 {path}，或用环境变量 GUICANG_CONFIG 指定另一个文件。",
        en: "Correct {path}, or name another file by GUICANG_CONFIG.",
    }
    /// A setting of the configuration file has a value that can't be.
    setting_wrong(name: &str, found: &str) {
        zh: "配置项 {name} 的值不对：{found:?}",
        en: "The setting {name} has a value that can't be: {found:?}",
    }
    /// Standard output can't be written.
    output_unwritable(reason: &dyn Display) {
        zh: "结果写不出去：{reason}",
        en: "The result can't be written: {reason}",
    }
    /// A query found nothing.
    nothing() { zh: "没有符合条件的记录。", en: "Nothing to show." }
    /// No file was named.
    no_file() {
        zh: "没有说明要用哪个数据文件。",
        en: "No file was named to work on.",
    }
    /// How to name a file.
    no_file_next() {
        zh: "请加 --db 文件名，或设置环境变量 GUICANG_DB，或在配置文件里写 db。",
        en: "Add --db FILE, or set GUICANG_DB, or `db` in the configuration file.",
    }
}

texts! {
    /// An unknown article.
    unknown_sku(found: &str) {
        zh: "没有货号 {found:?}：既没卖过，也没有库存或商品资料。",
        en: "There is no SKU {found:?}: neither sold nor stocked nor listed here.",
    }
    /// The receipt doesn't have the article.
    not_on_receipt(receipt: &dyn Display, sku: &dyn Display, has: &str) {
        zh: "小票 {receipt} 上没有 {sku}，只有：{has}。",
        en: "Receipt {receipt} has no {sku}; it has: {has}.",
    }
    /// An unknown return.
    unknown_return(found: &str) {
        zh: "这里没有退货单 {found:?}。",
        en: "There is no return {found:?} here.",
    }
    /// An unknown document of another kind.
    unknown_document(kind: &str, found: &str) {
        zh: "这里没有{kind} {found:?}。",
        en: "There is no {kind} {found:?} here.",
    }
    /// More arrived than was sent.
    more_than_sent(sku: &dyn Display, asked: &dyn Display, open: &dyn Display) {
        zh: "{sku} 要收 {asked}，但在途的只有 {open}。",
        en: "{asked} of {sku} are to be received, but only {open} are under way.",
    }
    /// More is to be accounted for than is open.
    more_than_open(number: &str, sku: &dyn Display, asked: &dyn Display, open: &dyn Display) {
        zh: "单据 {number}：{sku} 要处理 {asked}，但只剩 {open} 可处理。",
        en: "{number}: {asked} of {sku} are asked, but only {open} are open.",
    }
    /// Goods that wait to be inspected are some return's.
    held_by_returns(sku: &dyn Display, found: &str) {
        zh: "待检区的 {sku} 属于退货单，须说明是哪一张：{found}。",
        en: "{sku} in returns_hold is of returns, and one has to be named: {found}.",
    }
    /// The return that is named has no such goods there.
    held_by_none(sku: &dyn Display) {
        zh: "这张退货单在待检区没有 {sku}。",
        en: "That return has no {sku} in returns_hold.",
    }
    /// Nobody scraps alone.
    witness_needed(user: &str) {
        zh: "报废要有见证人，而且不能是 {user} 本人。",
        en: "Scrapping needs a witness other than {user}.",
    }
    /// An unknown receipt.
    unknown_receipt(found: &str) {
        zh: "这里没有小票 {found:?}。",
        en: "There is no receipt {found:?} here.",
    }
    /// A number that several documents have.
    ambiguous(number: &str, found: &str) {
        zh: "单号 {number:?} 对应多张单据：{found}。",
        en: "{number:?} names several documents: {found}.",
    }
    /// An unknown site.
    unknown_site(found: &str) { zh: "没有门店 {found:?}。", en: "There is no site {found:?}." }
    /// An unknown reason.
    unknown_reason(found: &str, known: &str) {
        zh: "没有原因 {found:?}，可用的有：{known}。",
        en: "There is no reason {found:?}; there are: {known}.",
    }
    /// An unknown exception.
    unknown_exception(found: &str) {
        zh: "没有异常 {found:?}。",
        en: "There is no exception {found:?}.",
    }
    /// A value that can't be.
    value(field: &str, found: &str, wanted: &str) {
        zh: "{field}的值 {found:?} 不对，应为：{wanted}。",
        en: "{field}: found {found:?}, wanted {wanted}.",
    }
    /// More is to come back than is left.
    more_than_left(sku: &dyn Display, asked: &dyn Display, left: &dyn Display) {
        zh: "{sku} 要退 {asked} 件，但只剩 {left} 件可退。",
        en: "{asked} of {sku} are to come back, but only {left} are left to return.",
    }
    /// Grades that don't add up.
    grades_dont_add_up(graded: &dyn Display, quantity: &dyn Display) {
        zh: "各等级合计 {graded}，与待检数量 {quantity} 对不上。",
        en: "The grades come to {graded}, but there are {quantity} to inspect.",
    }
    /// A refund beyond what is owed.
    more_than_owed(asked: &str, left: &str, currency: &dyn Display) {
        zh: "要退款 {asked} {currency}，但应退余额只有 {left} {currency}。",
        en: "{asked} {currency} is to be refunded, but only {left} {currency} of what is owed is left.",
    }
    /// A manager has to approve.
    needs_manager(grounds: &str, policy: &str) {
        zh: "需要经理批准：{grounds}（政策 {policy}）。",
        en: "A manager has to approve: {grounds} (policy {policy}).",
    }
    /// The ground "out of window" with its figures.
    out_of_window(age_days: i64, window_days: u32) {
        zh: "销售已过 {age_days} 天，期限 {window_days} 天",
        en: "sold {age_days} days ago, the window is {window_days} days",
    }
    /// The ground "worth more" with its figure.
    value_above(limit: &str, currency: &dyn Display) {
        zh: "金额超过店员权限 {limit} {currency}",
        en: "worth more than the {limit} {currency} that a clerk may grant",
    }
    /// The ground "sale not held here" with its figure.
    unverified_above(limit: &str, currency: &dyn Display) {
        zh: "销售未核实且金额超过 {limit} {currency}",
        en: "the sale is not held here and it is worth more than {limit} {currency}",
    }
    /// Nobody approves their own return.
    approver_is_requester(user: &str) {
        zh: "{user} 不能批准自己办理的退货。",
        en: "{user} can't approve their own return.",
    }
    /// The document takes nothing more.
    closed(number: &str, state: &str) {
        zh: "单据 {number} {state}，不能再改。",
        en: "{number} is {state} and takes nothing more.",
    }
    /// A newer program's document.
    newer_rules(number: &str) {
        zh: "单据 {number} 是新版本程序写的，本程序只能查看。",
        en: "A newer program wrote {number}; this one can only show it.",
    }
    /// Another site's business.
    not_here(site: &dyn Display) {
        zh: "本设备无权在门店 {site} 记账。",
        en: "This device may not write at site {site}.",
    }
    /// HQ's business.
    hq_only() { zh: "这件事只有总部能做。", en: "Only HQ may do this." }
    /// The period isn't over.
    period_not_over(period: &dyn Display, until: &str, proven: &str) {
        zh: "{period} 还没过完：到 {until} 才结束，现在能证明的时间是 {proven}。",
        en: "{period} isn't over: it ends at {until}, and the time proven now is {proven}.",
    }
    /// The period is closed.
    period_closed(period: &dyn Display, number: &str) {
        zh: "{period} 已经结账，单号 {number}。",
        en: "{period} is closed already, by {number}.",
    }
    /// Another one's turn.
    period_order(period: &dyn Display, turn: &dyn Display) {
        zh: "还不能结 {period}：下一个该结账的是 {turn}，月份依次结账，中间不空。",
        en: "It isn't the turn of {period}: months are closed in order, and {turn} comes next.",
    }
    /// The period is open.
    period_open(period: &dyn Display) {
        zh: "{period} 还没有结账，没有可核对的数字。",
        en: "{period} is not closed: there is nothing to be verified.",
    }
    /// HQ has to say which site.
    site_needed() {
        zh: "在总部操作时要说明是哪家门店。",
        en: "At HQ a site has to be named.",
    }
    /// The sale isn't held, so its price is needed.
    price_needed(sku: &dyn Display) {
        zh: "这笔销售不在本店，请给出 {sku} 的成交价。",
        en: "The sale isn't held here: the price paid for {sku} is needed.",
    }
    /// SQLite's own words.
    store(detail: &dyn Display) {
        zh: "数据文件出错：{detail}。什么都没有改动。",
        en: "The file failed: {detail}. Nothing was changed.",
    }
    /// A file that can't be written.
    read_only(file: &dyn Display) {
        zh: "{file}（或所在目录）是只读的。什么都没有改动。",
        en: "{file}, or its folder, is read-only. Nothing was changed.",
    }
    /// The file, where its name isn't known.
    the_file() { zh: "数据文件", en: "The file" }
    /// A full disk.
    disk_full() { zh: "磁盘满了。什么都没有改动。", en: "The disk is full. Nothing was changed." }
    /// A busy file.
    busy() {
        zh: "数据文件一直被别的程序占用。什么都没有改动。",
        en: "Another program holds the file. Nothing was changed.",
    }
    /// Damage.
    damaged(what: &str, detail: &str) {
        zh: "数据文件里的{what}坏了：{detail}。",
        en: "{what} in the file is damaged: {detail}.",
    }
    /// No file there.
    not_found(path: &dyn Display) { zh: "没有文件 {path}。", en: "There is no file {path}." }
    /// A file is there already.
    exists(path: &dyn Display) {
        zh: "{path} 已经存在，不会覆盖。",
        en: "{path} is there already; it is not overwritten.",
    }
    /// Another kind of file.
    not_a_replica(path: &dyn Display) {
        zh: "{path} 不是归仓的数据文件。",
        en: "{path} is no file of Guicang's.",
    }
    /// A newer program's file.
    newer_file(path: &dyn Display, found: i64, reads: i64) {
        zh: "{path} 是新版本程序的文件（格式 {found}，本程序最多能读 {reads}）。",
        en: "A newer program made {path} (schema {found}; this one reads up to {reads}).",
    }
    /// A file on a share.
    network_disk(path: &dyn Display, kind: &str) {
        zh: "{path} 在网络盘上（{kind}）。数据文件只能放在本机自己的磁盘上，放在网络盘上会损坏。什么都没有改动。",
        en: "{path} lies on a network share ({kind}). The file has to be on this machine's own disk; a share would damage it. Nothing was changed.",
    }
    /// A file that another machine uses.
    other_machine(name: &str, until: &str) {
        zh: "数据文件正由另一台机器“{name}”使用（最早 {until} 后可在本机打开）。什么都没有改动。",
        en: "Another machine, {name}, is using the file (until {until} at least). Nothing was changed.",
    }
    /// Grants that prove nothing.
    grant(detail: &str) {
        zh: "授权证明不了这台设备：{detail}。",
        en: "The grants don't prove this device: {detail}.",
    }
}

texts! {
    /// An unknown flag.
    usage_unknown(argument: &str) { zh: "没有参数 {argument}。", en: "There is no argument {argument}." }
    /// An unknown command.
    usage_command(found: &str) { zh: "没有命令 {found}。", en: "There is no command {found}." }
    /// No command was given.
    usage_no_command(commands: &str) {
        zh: "没有写命令。可用的有：{commands}。",
        en: "No command was given. There are: {commands}.",
    }
    /// Arguments that have to be there.
    usage_missing(arguments: &str) { zh: "缺少参数：{arguments}。", en: "Missing: {arguments}." }
    /// Two arguments that exclude each other.
    usage_conflict(argument: &str, other: &str) {
        zh: "{argument} 不能和 {other} 一起用。",
        en: "{argument} can't be used with {other}.",
    }
    /// After a wrong value: what it should have been.
    usage_whole_number() { zh: "要填整数。", en: "Wanted: a whole number." }
    /// After a number out of range.
    usage_range(least: &str, most: &str) { zh: "要填 {least} 到 {most} 的数。", en: "Wanted: {least} to {most}." }
    /// A value that isn't one of the possible.
    usage_value(argument: &str, found: &str) {
        zh: "{argument} 的值 {found:?} 不对。",
        en: "{argument}: {found:?} is no such value.",
    }
    /// A flag without its value.
    usage_no_value(argument: &str) { zh: "{argument} 缺少值。", en: "{argument} needs a value." }
    /// What the value may be.
    usage_possible(values: &str) { zh: "可用的有：{values}。", en: "There are: {values}." }
    /// What was meant, perhaps.
    usage_similar(name: &str) { zh: "是不是 {name}？", en: "Did you mean {name}?" }
}

texts! {
    /// A movement that goes the other way.
    wrong_way(movement: &str, way: &str) {
        zh: "“{movement}”不能和 {way} 一起用：方向相反。",
        en: "\"{movement}\" can't be used with {way}: it goes the other way.",
    }
    /// What an examination came to.
    findings(count: usize) { zh: "发现 {count} 个问题。", en: "{count} found." }
    /// A rebuild changed what is shown.
    rebuilt_other() {
        zh: "重建前显示的结果与原始记录不符，现已改正。",
        en: "What was shown before differed from the facts; it is corrected now.",
    }
}

texts! {
    /// Not an address.
    address(found: &str) {
        zh: "{found:?} 不是总部的网址。",
        en: "{found:?} is no address of a relay.",
    }
    /// No relay was joined.
    alone() {
        zh: "这个数据文件没有加入总部，无处同步。",
        en: "This file has joined no relay: there is nothing to sync with.",
    }
    /// The relay wasn't reached.
    unreachable(url: &str, detail: &str) {
        zh: "连不上 {url}：{detail}。本店的记录都在，可以照常营业。",
        en: "{url} was not reached: {detail}. Everything recorded here is safe, and work goes on.",
    }
    /// Something else answered.
    not_a_relay(url: &str, found: &str) {
        zh: "{url} 上的不是归仓服务（收到：{found}）。",
        en: "What answers at {url} is no relay of Guicang's (found: {found}).",
    }
    /// The relay can't just now.
    relay_busy(url: &str, detail: &str) {
        zh: "{url} 暂时忙不过来：{detail}。",
        en: "{url} can't just now: {detail}.",
    }
    /// The relay takes no more entries of this device for a while.
    push_later(unsent: u64, minutes: u64) {
        zh: "本机近一小时上报太多，中继暂不再收；还有 {unsent} 条未上报，都保存在本机，约 {minutes} 分钟后可继续上报。总部发来的已经收到。",
        en: "This device has sent as much as the relay takes of one in an hour; {unsent} changes are unsent and safe here; it takes more in about {minutes} min. What HQ sent has come.",
    }
    /// An answer that makes no sense.
    answer_unreadable(detail: &dyn Display) {
        zh: "总部的回答读不懂：{detail}。",
        en: "The relay's answer can't be read: {detail}.",
    }
    /// The token isn't taken.
    not_signed_in(detail: &str) {
        zh: "登录没有被接受：{detail}。",
        en: "The relay does not take this device's sign-in: {detail}.",
    }
    /// What came isn't what its signatures say.
    forged(detail: &dyn Display) {
        zh: "总部发来的数据签名不符，没有采用：{detail}。",
        en: "What the relay sent isn't what its signatures say, and was not taken: {detail}.",
    }
    /// Another organisation's relay.
    foreign_relay(url: &str, relay: &dyn Display) {
        zh: "{url} 上的服务（{relay}）没有本组织的授权。",
        en: "The relay {relay} at {url} has no grant of this organisation's.",
    }
    /// HQ has withdrawn the device.
    withdrawn(detail: &str) {
        zh: "总部已停用这台设备：{detail}。本机的记录都还在。",
        en: "HQ has withdrawn this device: {detail}. What is recorded here is kept.",
    }
    /// The code isn't taken.
    code(detail: &str) {
        zh: "注册码无效、已用过或已过期：{detail}。",
        en: "The code is unknown, used or expired: {detail}.",
    }
    /// Any other refusal.
    relay_refused(code: &str, detail: &str) {
        zh: "总部拒绝了请求：{code}，{detail}。",
        en: "The relay refused the request: {code}, {detail}.",
    }
    /// Changes that were refused.
    refused(count: u64) {
        zh: "有 {count} 个变更被总部拒绝，其余已接受。",
        en: "{count} refused by the relay; the rest was accepted.",
    }
    /// This device's journal doesn't go on until somebody acts.
    stopped_by(fault: &str) {
        zh: "本机的变更送不上去：{fault}。没有丢失任何内容。",
        en: "What this device recorded can't be sent: {fault}. Nothing is lost.",
    }
    /// Sums that differ.
    not_proven() {
        zh: "没能证明两端数据一致。",
        en: "It is not proven that both ends hold the same.",
    }
    /// No threads, or the like.
    no_runtime(reason: &dyn Display) {
        zh: "系统资源不足：{reason}。",
        en: "The system gives no resources: {reason}.",
    }
}

texts! {
    /// A file that can't be opened.
    file_unreadable(file: &dyn Display, reason: &dyn Display) {
        zh: "文件 {file} 打不开：{reason}。",
        en: "{file} can't be opened: {reason}.",
    }
    /// Not CSV.
    not_csv(file: &str, found: &str) {
        zh: "{file} 不是 CSV（首行为表头的 UTF-8 文本，可用 zstd 压缩）：{found}。什么都没有导入。",
        en: "{file} is no CSV (UTF-8 text with headers in its first line, plain or zstd): {found}. Nothing was imported.",
    }
    /// Another profile's file.
    wrong_profile(file: &str, profile: &str, fault: &str, found: &str) {
        zh: "{file} 不是 {profile} 格式：表头缺少或重复 {fault}；实际表头为 {found}。什么都没有导入。",
        en: "{file} isn't a file of the profile {profile}: missing or repeated are {fault}; it has {found}. Nothing was imported.",
    }
    /// The file doesn't say of which site it is.
    site_not_named(profile: &str) {
        zh: "{profile} 格式的文件里没有门店。",
        en: "Files of the profile {profile} don't say which site they are of.",
    }
    /// The file breaks off.
    breaks_off(file: &str, line: u64, reason: &dyn Display) {
        zh: "{file} 从第 {line} 行起读不下去：{reason}。此前已导入的保留。",
        en: "{file} can't be read on from line {line}: {reason}. What was imported before stays.",
    }
    /// A row without end.
    row_too_long(file: &str, line: u64, limit: usize) {
        zh: "{file} 第 {line} 行开始的记录超过 {limit} 字节，是不是引号没有闭合？此前已导入的保留。",
        en: "{file}: the row that begins on line {line} is longer than {limit} bytes; is a quote never closed? What was imported before stays.",
    }
    /// The temporary file.
    scratch(reason: &dyn Display) {
        zh: "导入用的临时文件出错：{reason}。",
        en: "The import's temporary file failed: {reason}.",
    }
    /// The replica failed underway.
    import_stopped(rows: u64, reason: &str) {
        zh: "导入在第 {rows} 行停下：{reason}此前已导入的保留，可以重新导入。",
        en: "The import stopped after {rows} rows: {reason} What was imported before stays; it can be repeated.",
    }
    /// A mistake of ours.
    unaccounted(rows: u64, accounted: u64) {
        zh: "{rows} 行中只交代了 {accounted} 行：这是程序的错误，请报告。",
        en: "Of {rows} rows {accounted} are accounted for: a mistake of this program, please report it.",
    }
    /// No row could be read.
    nothing_readable() {
        zh: "没有一行读得懂。",
        en: "Not one row could be read.",
    }
    /// No file was named.
    no_import_file() { zh: "没有指定要导入的文件。", en: "No file to import was named." }
    /// No such import.
    unknown_import(found: &str) {
        zh: "本机没有导入记录 {found:?}。",
        en: "There is no import {found:?} here.",
    }
    /// No such profile.
    profile_unknown(name: &str, known: &str) {
        zh: "没有导入格式 {name:?}，自带的有：{known}。",
        en: "There is no profile {name:?}; the program brings along: {known}.",
    }
    /// A profile that can't be used.
    profile_wrong(name: &dyn Display, detail: &str) {
        zh: "导入格式 {name} 有误：{detail}。",
        en: "The profile {name} is wrong: {detail}.",
    }
}
