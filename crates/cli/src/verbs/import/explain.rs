//! An import's errors in words.

use guicang_replica::{CommandError, StoreError};

use crate::exit::{Exit, Explain, Failure};
use crate::import::ImportError;
use crate::import::profile::ProfileError;
use crate::language::Language;
use crate::texts::{failures, next};

impl Explain for ImportError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        let refused = |message, next| Failure::new(Exit::Refused, message, next);
        match self {
            ImportError::Open { file, source } => {
                refused(failures::file_unreadable(l, file, source), next::correct(l))
            }
            ImportError::NotCsv { file, found } => {
                refused(failures::not_csv(l, file, found), next::other_profile(l))
            }
            ImportError::WrongProfile { file, profile, missing, repeated, found } => {
                let fault: Vec<&str> = missing.iter().chain(repeated).map(String::as_str).collect();
                let message = failures::wrong_profile(l, file, profile, &fault.join(", "), &found.join(", "));
                refused(message, next::other_profile(l))
            }
            ImportError::SiteNotNamed { profile } => {
                refused(failures::site_not_named(l, profile), next::name_site(l))
            }
            ImportError::Read { file, line, source } => {
                refused(failures::breaks_off(l, file, *line, source), next::import_again(l))
            }
            ImportError::RowTooLong { file, line, limit } => {
                refused(failures::row_too_long(l, file, *line, *limit), next::import_again(l))
            }
            ImportError::Scratch(error) => {
                Failure::new(Exit::Other, failures::scratch(l, error), next::make_room(l))
            }
            ImportError::Target { rows, source } => {
                let cause = if let Some(error) = source.downcast_ref::<CommandError>() {
                    error.explain(l, program)
                } else if let Some(error) = source.downcast_ref::<StoreError>() {
                    error.explain(l, program)
                } else {
                    Failure::new(Exit::Other, source.to_string(), next::import_again(l))
                };
                Failure { message: failures::import_stopped(l, *rows, &cause.message), ..cause }
            }
            ImportError::Unaccounted { rows, accounted } => Failure::new(
                Exit::Other,
                failures::unaccounted(l, *rows, *accounted),
                next::doctor(l, program),
            ),
        }
    }
}

impl Explain for ProfileError {
    fn explain(&self, l: Language, _: &str) -> Failure {
        let usage = |message, next| Failure::new(Exit::Usage, message, next);
        match self {
            ProfileError::Unknown { name, known } => {
                usage(failures::profile_unknown(l, name, &known.join(", ")), next::other_profile(l))
            }
            ProfileError::Read { path, source } => {
                usage(failures::file_unreadable(l, &path.display(), source), next::correct(l))
            }
            ProfileError::Toml { name, message } => {
                usage(failures::profile_wrong(l, name, message.trim()), next::correct(l))
            }
            ProfileError::Value { name, key, found, wanted } => usage(
                failures::profile_wrong(l, name, &crate::verbs::value(l, key, found, wanted)),
                next::correct(l),
            ),
        }
    }
}
