//! The language that a person is spoken to in.
//!
//! It has to be known before the arguments are parsed, since help is translated too: so `--lang` is
//! looked for among the raw arguments first.

use std::str::FromStr;

use guicang_domain::ids::IdError;

/// A language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese (简体中文).
    Zh,
    /// English.
    En,
}

impl FromStr for Language {
    type Err = IdError;
    /// `zh`, `en`, or a locale such as `zh_CN.UTF-8`; any locale but Chinese is spoken to in English.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let letters = text.split(['_', '-', '.', '@']).next().unwrap_or_default();
        match letters {
            "zh" => Ok(Language::Zh),
            _ if letters.len() >= 2 && letters.bytes().all(|b| b.is_ascii_lowercase()) => Ok(Language::En),
            _ => {
                Err(IdError { what: "language", found: text.chars().take(80).collect(), wanted: "zh or en" })
            }
        }
    }
}

impl Language {
    /// The language to speak: `--lang`, then GUICANG_LANG, then the configuration file's, then
    /// LC_ALL, LC_MESSAGES, LANG; Chinese when none says.
    ///
    /// `C` and `POSIX` say nothing. A malformed one is passed over here; for `--lang`, the parser
    /// names it afterwards.
    pub fn choose(args: &[String], env: &dyn Fn(&str) -> Option<String>, file: Option<&str>) -> Self {
        let said = |text: String| text.parse().ok();
        flag(args)
            .and_then(said)
            .or_else(|| env("GUICANG_LANG").and_then(said))
            .or_else(|| file.and_then(|f| said(f.into())))
            .or_else(|| {
                ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| {
                    let locale = env(name).filter(|l| !matches!(l.as_str(), "C" | "POSIX" | "C.UTF-8"))?;
                    said(locale)
                })
            })
            .unwrap_or(Language::Zh)
    }
}

fn flag(args: &[String]) -> Option<String> {
    let at =
        args.iter().take_while(|a| *a != "--").position(|a| a == "--lang" || a.starts_with("--lang="))?;
    match args[at].strip_prefix("--lang=") {
        Some(value) => Some(value.into()),
        None => args.get(at + 1).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str], env: &[(&str, &str)], file: Option<&str>, expected: Language) {
        let args: Vec<String> = args.iter().map(|a| (*a).into()).collect();
        let env = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
        assert_eq!(Language::choose(&args, &env, file), expected, "{args:?} {file:?}");
    }

    /// The nearer to the person, the stronger: flag, environment, file, system; else Chinese.
    #[test]
    fn the_nearest_word_counts() {
        check(&[], &[], None, Language::Zh);
        check(&[], &[("LANG", "C.UTF-8")], None, Language::Zh);
        check(&[], &[("LANG", "en_GB.UTF-8")], None, Language::En);
        check(&[], &[("LANG", "de_DE.UTF-8")], None, Language::En);
        check(&[], &[("LC_ALL", "zh_CN.UTF-8"), ("LANG", "en_GB")], None, Language::Zh);
        check(&[], &[("LANG", "en_GB")], Some("zh"), Language::Zh);
        check(&[], &[("GUICANG_LANG", "en")], Some("zh"), Language::En);
        check(&["--lang", "zh"], &[("GUICANG_LANG", "en")], None, Language::Zh);
        check(&["stock", "--lang=en"], &[("GUICANG_LANG", "zh")], None, Language::En);
        check(&["--", "--lang=en"], &[], None, Language::Zh);
    }
}
