//! Changes on a stick in words.

use std::fmt::Display;

texts! {
    /// A file was written.
    written(path: &dyn Display, entries: u64, bytes: usize) {
        zh: "写好了 {path}：{entries} 个封包，{bytes} 字节。",
        en: "Written: {path}. Entries: {entries}; bytes: {bytes}.",
    }
    /// Where to take it.
    written_next() {
        zh: "带去总部：guicang-server import-changes 文件；或带去相关的门店：guicang import-changes 文件。本机照旧记着它们还没送到总部。",
        en: "Take it to HQ: guicang-server import-changes FILE; or to a branch that it concerns: guicang import-changes FILE. Here the changes go on counting as unsent.",
    }
    /// The file can't be written.
    unwritable(path: &dyn Display, reason: &dyn Display) {
        zh: "文件 {path} 写不了：{reason}",
        en: "{path} can't be written: {reason}",
    }
    /// The disk, or stick, is full.
    stick_full(path: &dyn Display) {
        zh: "放 {path} 的磁盘满了，文件没有写成。",
        en: "The disk of {path} is full; the file was not written.",
    }
    /// What to do about it.
    another_file() {
        zh: "请换一个文件名、文件夹或 U 盘再来一次。",
        en: "Name another file, folder or stick, and try again.",
    }
    /// The file can't be read.
    unreadable(path: &dyn Display, reason: &dyn Display) {
        zh: "文件 {path} 读不了，什么都没有收下：{reason}",
        en: "{path} can't be read; nothing was taken: {reason}",
    }
    /// What to do where there is no such file.
    another_to_read() {
        zh: "请检查文件名，以及 U 盘是否插好。",
        en: "See whether the name is right, and the stick plugged in.",
    }
    /// Another kind of file.
    not_changes() {
        zh: "不是归仓导出的变更文件，或是更新的版本写的。",
        en: "it is no file with changes, or a newer version wrote it.",
    }
    /// It ends too early, or goes on after its end.
    cut(at: usize, entries: u64) {
        zh: "文件不完整：读到第 {at} 字节（{entries} 个封包）没有结尾。",
        en: "it is not whole: {entries} entries and no end at byte {at}.",
    }
    /// Something within can't be read.
    damaged(at: usize, reason: &dyn Display) {
        zh: "第 {at} 字节处损坏：{reason}",
        en: "it is damaged at byte {at}: {reason}",
    }
    /// What to do about it.
    export_again() {
        zh: "请在原来的门店重新导出：guicang export-changes 文件。",
        en: "Export it again at the branch: guicang export-changes FILE.",
    }
    /// Another organisation's.
    other_organisation() {
        zh: "这是别的组织的文件，什么都没有收下。",
        en: "The file is another organisation's; nothing was taken.",
    }
    /// What was taken in at a branch.
    taken(taken: u64, held: u64, waiting: u64, foreign: u64) {
        zh: "收下 {taken} 个改动，已有 {held} 个，等前面的改动 {waiting} 个，与本店无关 {foreign} 个。",
        en: "Changes taken: {taken}; held already: {held}; waiting for earlier ones: {waiting}; of other sites: {foreign}.",
    }
    /// Something was refused.
    refused(count: usize, rules: &str) {
        zh: "有 {count} 项没有收下：{rules}。",
        en: "Not taken: {count}, by {rules}.",
    }
    /// Something was set apart.
    set_apart(count: u64) {
        zh: "有 {count} 个改动没有通过检查，另放着，guicang status 会列出来。",
        en: "Changes that a check here set apart: {count}; guicang status names them.",
    }
    /// The relay takes no more for now.
    push_later(minutes: u64) {
        zh: "总部一时收不下这么多：请 {minutes} 分钟后再导入同一个文件。",
        en: "HQ takes no more of this device for now: import the same file again in {minutes} minutes.",
    }
    /// What to do about it.
    push_later_next() {
        zh: "已收下的不会重复；请到时再导入一次。",
        en: "What was taken isn't taken twice; import the file again then.",
    }
    /// What was taken in at HQ.
    taken_at_hq(accepted: u64, held: u64) {
        zh: "收下 {accepted} 个改动，其中 {held} 个早已收到。",
        en: "Changes taken: {accepted}, {held} of which were held already.",
    }
    /// The device was withdrawn.
    withdrawn(count: usize) {
        zh: "那台设备已被总部停用：它的 {count} 个改动另放着，没有算数。",
        en: "HQ has withdrawn that device: {count} of its changes are kept apart and don't count.",
    }
}
