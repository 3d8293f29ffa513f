//! Words about devices whose file was cloned or restored, about backups, and about making anew what was lost.

texts! {
    /// A device in a list, with the one in whose place it came.
    in_place_of(code: &str, old: &str) {
        zh: "{code}（接替 {old}）",
        en: "{code} (in place of {old})",
    }
}
