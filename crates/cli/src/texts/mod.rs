//! Every text that a person sees, in both languages side by side.
//!
//! Each message is a function: a message without one of its languages, or with an argument that
//! isn't given, doesn't compile. (Help of the command line: English in the commands themselves,
//! Chinese in `help_zh.rs`; a test compares the two.)

/// Messages as functions `name(language, arguments…) -> String`.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),* $(,)?) { zh: $zh:literal, en: $en:literal $(,)? })*) => {
        $(
            $(#[$doc])*
            pub fn $name(language: $crate::language::Language, $($arg: $ty),*) -> String {
                match language {
                    $crate::language::Language::Zh => format!($zh),
                    $crate::language::Language::En => format!($en),
                }
            }
        )*
    };
}

/// Names of codes: a function from a code to its name; a code that isn't listed stands for itself,
/// since a newer program may have written it.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident { $($code:literal: $zh:literal, $en:literal;)* })*) => {
        $(
            $(#[$doc])*
            pub fn $name(language: $crate::language::Language, code: &str) -> String {
                let (zh, en) = match code {
                    $($code => ($zh, $en),)*
                    other => (other, other),
                };
                match language {
                    $crate::language::Language::Zh => zh.into(),
                    $crate::language::Language::En => en.into(),
                }
            }
        )*
    };
}

pub mod apart;
pub mod failures;
pub mod next;
pub mod results;
pub mod counts;
pub mod headings;
pub mod master;
pub mod names;
pub mod money;
pub mod moves;
pub mod exceptions;
pub mod policy;
pub mod hq;
pub mod hq_money;
pub mod hq_period;
pub mod signed;
pub mod holds;
pub mod live;
pub mod carry;
pub mod peer;
pub mod bundle;
pub mod trace;
pub mod proof;
pub mod clones;
pub mod horizon;
