//! Two branches without the relay, in words.

use std::fmt::Display;

texts! {
    /// Where it listens.
    listening(address: &str) {
        zh: "等其他门店来同步，地址：{address}",
        en: "Other branches may sync with {address}",
    }
    /// It can't listen there.
    listen_failed(address: &dyn Display, reason: &dyn Display) {
        zh: "不能在 {address} 上等候：{reason}",
        en: "It can't listen on {address}: {reason}",
    }
    /// What to do about it.
    listen_next() {
        zh: "请换一个地址或端口，如 --listen 0.0.0.0:8630。",
        en: "Name another address or port, such as --listen 0.0.0.0:8630.",
    }
    /// How it went.
    done(site: &str, sent: u64, taken: u64, waiting: u64) {
        zh: "与门店 {site} 同步好了：对方收下 {sent} 个改动，本店收下 {taken} 个，等前面的改动 {waiting} 个。",
        en: "Synced with site {site}: it took {sent} changes, {taken} were taken here, {waiting} wait for earlier ones.",
    }
    /// What comes next.
    done_next() {
        zh: "总部还不知道这些；网络恢复后照常 guicang sync。",
        en: "HQ doesn't know of these yet; when the line is back, guicang sync as ever.",
    }
    /// Who answers isn't a branch of the organisation's.
    stranger(url: &str, device: &dyn Display) {
        zh: "{url} 上的设备（{device}）不是本组织门店的有效设备，什么都没有交换。",
        en: "The device at {url} ({device}) is no valid device of a branch of this organisation; nothing was exchanged.",
    }
    /// What to do about it.
    stranger_next() {
        zh: "请核对地址；对方要在本组织里注册过、没有被停用，并运行着 guicang serve-peer。",
        en: "Check the address; the other has to be enrolled here, not withdrawn, and running guicang serve-peer.",
    }
}
