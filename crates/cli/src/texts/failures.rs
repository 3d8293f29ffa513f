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
