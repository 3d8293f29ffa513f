//! The line to HQ: what stands in its way, and what to do about it.

texts! {
    /// A network answered with a page of its own.
    login_page(url: &str) {
        zh: "没有连上总部（{url}）：本店所连的网络要先登录上网，回的是它自己的页面。",
        en: "HQ ({url}) was not reached: this network wants you to log in first; it answered with a page of its own.",
    }
    /// What to do about it.
    login_first() {
        zh: "请打开浏览器，登录上网后再同步；本店的记录都在，登录后会自动发出。",
        en: "Open a browser and log in to the network, then sync again; everything recorded here is kept and goes out then.",
    }
    /// The relay's disk is full.
    relay_full(url: &str) {
        zh: "总部（{url}）的磁盘满了，这次什么都没有收下；本店的记录都在。",
        en: "The disk at HQ ({url}) is full: nothing was taken this time. Everything recorded here is kept.",
    }
    /// What to do about it.
    relay_full_next() {
        zh: "请告诉总部的管理员腾出磁盘空间；有了空间，下一次同步会自动接着发。",
        en: "Tell HQ's administrator to make room on the disk; with room, the next sync goes on by itself.",
    }
}
