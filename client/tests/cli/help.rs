//! Help in both languages.

use guicang_cli::Language;
use guicang_client::{command, untranslated_help};

/// A command or flag that is added without its Chinese would be shown in English to a Chinese clerk.
#[test]
fn every_help_text_has_its_chinese() {
    assert_eq!(untranslated_help(), Vec::<String>::new());
}

/// What the tables say is what is shown, down to the flags of a nested command.
#[test]
fn help_is_shown_in_chinese() {
    let mut command = command(Language::Zh);
    let counter = command.find_subcommand_mut("return").unwrap().find_subcommand_mut("counter").unwrap();
    let help = counter.render_long_help().to_string();
    for text in ["柜台退货", "用法：", "选项", "退回的商品", "例："] {
        assert!(help.contains(text), "{text} not in:\n{help}");
    }
    assert!(!help.contains("Options:") && !help.contains("Print help"), "{help}");
}
