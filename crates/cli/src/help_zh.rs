//! Chinese help of the flags and verbs that both binaries share; see [`crate::help`] for the keys.

use crate::help::Table;

/// The texts.
pub const SHARED: Table = &[
    ("--lang", "提示信息的语言：zh 或 en"),
    ("--format", "标准输出上数据的形式"),
    ("--json", "等于 --format json"),
    ("--user", "操作人，记入每个事件"),
];
