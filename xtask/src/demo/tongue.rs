//! The language in which the story is told. Each sentence stands in both, side by side, where it is told.

use clap::ValueEnum;

/// A language of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Tongue {
    /// The language that the environment asks for; Chinese when it names none.
    pub fn of_environment() -> Self {
        let asked = ["GUICANG_LANG", "LC_ALL", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        match asked {
            Some(value) if value.starts_with("en") => Self::En,
            _ => Self::Zh,
        }
    }

    /// Its code, as the programs take it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The text of this language.
    pub fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// A sentence in the story's language: Chinese first, then English, each a format string.
macro_rules! say {
    ($tongue:expr, $zh:literal, $en:literal $(,)?) => {
        match $tongue {
            $crate::demo::tongue::Tongue::Zh => format!($zh),
            $crate::demo::tongue::Tongue::En => format!($en),
        }
    };
}

pub(crate) use say;
