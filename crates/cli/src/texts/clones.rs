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
        zh: "已备份到 {file}，检查无误：改动 {changes} 条。",
        en: "Backed up to {file}, and examined. Changes: {changes}.",
    }
    /// A backup was put back.
    restored(file: &str, changes: u64) {
        zh: "已恢复 {file}：改动 {changes} 条。",
        en: "Restored {file}. Changes: {changes}.",
    }
    /// A backup was put in the place of another file.
    restored_over(file: &str, changes: u64, kept: &str) {
        zh: "已恢复 {file}：改动 {changes} 条。原来的文件还在：{kept}",
        en: "Restored {file}. Changes: {changes}. What was there before is kept: {kept}",
    }
    /// What is to be put back is no backup.
    no_backup(path: &str) { zh: "{path} 不是归仓的备份，什么都没有改动。", en: "{path} is no backup of Guicang's. Nothing was changed." }
    /// What to do then.
    no_backup_next(program: &str) {
        zh: "请指定 {program} backup 写出的备份。",
        en: "Name what {program} backup made.",
    }
    /// There is a file of that name.
    exists(path: &str) { zh: "{path} 已存在，没有覆盖。", en: "{path} exists already, and was not overwritten." }
    /// What to do then.
    other_name_next() { zh: "请换一个名字。", en: "Give another name." }
    /// A copy isn't in order.
    unsound(path: &str, first: &str, more: usize) {
        zh: "{path} 检查有问题：{first}（另有 {more} 项）。没有作为备份使用。",
        en: "{path} is not in order: {first} (and {more} more). It was not used as a backup.",
    }
    /// What to do then.
    unsound_next(program: &str) {
        zh: "请先运行 {program} doctor；恢复时换一份备份。",
        en: "Run {program} doctor first; to restore, take another backup.",
    }
    /// What is there holds more than the backup, or is another device's.
    newer(path: &str, changes: u64, backup: u64) {
        zh: "{path} 有 {changes} 条，备份有 {backup} 条；现有文件较新，或属于另一台设备。没有覆盖。",
        en: "{path} holds {changes} entries, the backup {backup}; it is newer, or another device's. It was not overwritten.",
    }
    /// What to do then.
    newer_next() {
        zh: "确要恢复请加 --force，原文件会保留在旁边。",
        en: "To restore all the same add --force: the file is kept beside.",
    }
    /// Somebody uses the file.
    in_use(path: &str) { zh: "{path} 正被其他程序使用。", en: "{path} is in use by another program." }
    /// What to do then.
    in_use_next() { zh: "请停止 sync --every、serve 等程序后重试。", en: "Stop sync --every, serve and the like, then try again." }
    /// The file system refuses.
    file_failed(path: &str, source: &std::io::Error) { zh: "{path}：{source}", en: "{path}: {source}" }
    /// What to do then.
    file_failed_next() { zh: "请检查文件夹、磁盘空间和权限。", en: "See whether the folder is there, with room and a right to write." }
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
    no_secret_next() { zh: "请用 init 时显示并另行保管的密钥。", en: "Give the secret that init showed, which is kept off the machine." }
    /// The secret is another organisation's.
    other_secret(folder: &str) {
        zh: "密钥不是 {folder} 里这个组织的。",
        en: "The secret isn't that of the organisation in {folder}.",
    }
}
