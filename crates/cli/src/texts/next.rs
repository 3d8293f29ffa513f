//! What a person can do next: the line on standard error that ends each command.

texts! {
    /// The line itself.
    line(text: &str) { zh: "下一步：{text}", en: "Next: {text}" }
    /// Look at the help.
    help(program: &str, command: &str) {
        zh: "{program} {command} --help 查看用法。",
        en: "{program} {command} --help shows how it is used.",
    }
}
