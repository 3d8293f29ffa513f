//! Holds on return rights in words.

texts! {
    /// A hold was asked for.
    then_sync() {
        zh: "联网 guicang sync 送到总部；再同步一次取回总部的答复。",
        en: "guicang sync takes it to HQ; another sync brings HQ's answer.",
    }
    /// What a run answered.
    answered(count: usize) { zh: "答复了 {count} 笔预留申请。", en: "Holds answered: {count}." }
}
