//! The horizon: what a branch's file lets go, and how it comes back.

texts! {
    /// A document's changes were let go, and somebody needs them.
    let_go(number: &str) {
        zh: "{number} 早于本店的保留期限：明细在总部，本机只留汇总。没有改动任何内容。",
        en: "{number} is older than this branch's horizon: its details are at HQ. Nothing was changed.",
    }
    /// What to do then.
    let_go_next(program: &str) {
        zh: "联网后重试，会自动向总部查取；或先运行 {program} horizon fetch 单号。",
        en: "Try again with a line to HQ, which is then asked; or run {program} horizon fetch NUMBER first.",
    }
    /// HQ was asked and wasn't reached, or didn't have it.
    not_fetched(number: &str, why: &str) {
        zh: "{number} 向总部查取未成：{why}",
        en: "{number}: HQ was asked for it. {why}",
    }
    /// HQ's relay has no such document, or not all of it.
    relay_lacks_it() {
        zh: "总部中继目前也没有这张单据的明细。总部的副本会补上，稍后再试。",
        en: "HQ's relay doesn't have its details now. HQ's replica brings them; try again later.",
    }
    /// Said while HQ is asked.
    asking(documents: usize) {
        zh: "向总部查取 {documents} 张早于保留期限的单据……",
        en: "Asking HQ for what is older than the horizon. Documents: {documents}...",
    }
    /// The horizon.
    days(days: u32) {
        zh: "保留期限：{days} 天。更早且已办结的单据只留汇总，明细在总部。",
        en: "Horizon: {days} days. Of what is closed and older, the details are at HQ.",
    }
    /// There is none.
    none() { zh: "没有保留期限：全部明细都留在本机。", en: "No horizon: all details stay here." }
    /// What is beyond it, and sizes.
    sizes(documents: u64, changes: &str, file: &str, free: &str) {
        zh: "已移出明细的单据 {documents} 张；本机明细 {changes}，文件 {file}，可再用 {free}。",
        en: "Documents without details here: {documents}. Details here: {changes}, file: {file}, free to be used again: {free}.",
    }
    /// What the relay lost and isn't here any more.
    lost(changes: u64) {
        zh: "总部中继缺少本机已移出的改动 {changes} 条：由总部的副本补上，不用处理。",
        en: "The relay lost changes that were let go here: {changes}. HQ's replica brings them; there is nothing to do.",
    }
    /// What was let go.
    dropped(documents: u64, bytes: &str) {
        zh: "移出明细：单据 {documents} 张，{bytes}。",
        en: "Let go: {documents} documents, {bytes}.",
    }
    /// What would be let go.
    would_drop(documents: u64, bytes: &str) {
        zh: "可移出明细：单据 {documents} 张，{bytes}。没有改动任何内容。",
        en: "Would let go: {documents} documents, {bytes}. Nothing was changed.",
    }
    /// Documents came back.
    fetched(documents: u64) {
        zh: "已从总部取回明细：单据 {documents} 张。",
        en: "Brought back from HQ: {documents} documents.",
    }
    /// A document is here, or isn't known.
    nothing_to_fetch(number: &str) {
        zh: "{number} 的明细就在本机，或本机没有这张单据。",
        en: "The details of {number} are here, or it isn't known here.",
    }
    /// A horizon that can't be set.
    wrong(found: u32, least: u32, most: u32) {
        zh: "保留期限不能是 {found} 天：门店为 {least} 到 {most} 天，0 表示全部保留；总部不能设。",
        en: "A horizon of {found} days can't be set: at a branch {least} to {most}, or 0 to keep everything; none at HQ.",
    }
    /// What to do then.
    wrong_next(program: &str) {
        zh: "例如：{program} horizon set 400",
        en: "For example: {program} horizon set 400",
    }
    /// What to do next.
    drop_next(program: &str) {
        zh: "同步后会自动移出；也可以运行 {program} horizon drop。",
        en: "It goes with each sync; or run {program} horizon drop.",
    }
}
