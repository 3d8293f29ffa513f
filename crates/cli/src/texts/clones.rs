//! Words about devices whose file was cloned or restored, about backups, and about making anew what was lost.

texts! {
    /// A device in a list, with the one in whose place it came.
    in_place_of(code: &str, old: &str) {
        zh: "{code}（接替 {old}）",
        en: "{code} (in place of {old})",
    }
    /// A backup is being made and examined.
    backing_up() { zh: "备份并检查", en: "Backing up and examining" }
    /// A backup is being examined and put back.
    restoring() { zh: "检查并恢复", en: "Examining and restoring" }
    /// A backup was made.
    backed_up(file: &str, changes: u64) {
        zh: "已备份到 {file}：{changes} 条改动，检查无误。",
        en: "Backed up to {file}: {changes} changes, examined.",
    }
    /// A backup was put back.
    restored(file: &str, changes: u64, kept: &str) {
        zh: "已恢复 {file}：{changes} 条改动。原文件：{kept}",
        en: "Restored {file}: {changes} changes. The file before: {kept}",
    }
    /// There is a file of that name.
    exists(path: &str) { zh: "{path} 已存在，没有覆盖。", en: "{path} exists already, and was not overwritten." }
    /// What to do then.
    other_name_next() { zh: "换一个文件名", en: "Give another name" }
    /// A copy isn't in order.
    unsound(path: &str, first: &str, more: usize) {
        zh: "{path} 检查有问题：{first}（另有 {more} 项）。没有作为备份使用。",
        en: "{path} is not in order: {first} (and {more} more). It was not used as a backup.",
    }
    /// What to do then.
    unsound_next(program: &str) {
        zh: "先运行 {program} doctor；恢复时换一份备份",
        en: "Run {program} doctor first; to restore, take another backup",
    }
    /// What is there holds more than the backup, or is another device's.
    newer(path: &str, changes: u64, backup: u64) {
        zh: "{path} 有 {changes} 条，备份有 {backup} 条；现有文件较新，或属于另一台设备。没有覆盖。",
        en: "{path} holds {changes} entries, the backup {backup}; it is newer, or another device's. It was not overwritten.",
    }
    /// What to do then.
    newer_next() {
        zh: "确要恢复则加 --force，原文件会保留在旁边",
        en: "To restore all the same add --force: the file is kept beside",
    }
    /// Somebody uses the file.
    in_use(path: &str) { zh: "{path} 正被其他程序使用。", en: "{path} is in use by another program." }
    /// What to do then.
    in_use_next() { zh: "停止 sync --every、serve 等程序后重试", en: "Stop sync --every, serve and the like, then try again" }
    /// The file system refuses.
    file_failed(path: &str, source: &std::io::Error) { zh: "{path}：{source}", en: "{path}: {source}" }
    /// What to do then.
    file_failed_next() { zh: "检查磁盘空间和权限", en: "See whether there is room and a right to write" }
    /// What was lost was made anew.
    recovered(code: &str) {
        zh: "已重建。总部的设备编码：{code}。丢失的文件若可能落入他人之手，请停用原设备。",
        en: "Made anew. HQ's device is {code}. If what was lost may be in somebody's hands, withdraw what it could do.",
    }
    /// The organisation's secret can't be read.
    no_secret(path: &str, found: &str) {
        zh: "{path} 里没有组织的密钥（64 个十六进制字符）：{found}",
        en: "{path} has no organisation's secret (64 hexadecimal digits): {found}",
    }
    /// What to do then.
    no_secret_next() { zh: "用 init 时显示并另行保管的密钥", en: "Give the secret that init showed, which is kept off the machine" }
    /// The secret is another organisation's.
    other_secret(folder: &str) {
        zh: "密钥不是 {folder} 里这个组织的。",
        en: "The secret isn't that of the organisation in {folder}.",
    }
}
