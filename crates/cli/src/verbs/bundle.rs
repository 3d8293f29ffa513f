//! `support-bundle`: what support needs to know of a file, as one JSON file.
//!
//! What surprises: it is made of a list of what may leave the shop, not by taking out what may not. Keys,
//! tokens, customers, articles, amounts and what documents say aren't in it; numbers of documents and
//! devices' codes are.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use guicang_replica::Replica;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure, Told};
use crate::output::Globals;
use crate::texts::{bundle as texts, carry};

/// Where to.
#[derive(Debug, Clone, Args)]
pub struct BundleArgs {
    /// The file to write; one that is there already isn't overwritten
    pub file: PathBuf,
}

impl BundleArgs {
    /// Writes it. `more` is what the program knows beside its replica's file.
    ///
    /// # Errors
    /// [`Failure`] when a file can't be read or written.
    pub fn run(&self, replica: &mut Replica, globals: &Globals, more: Value) -> Result<(), Failure> {
        let l = globals.language;
        let findings = replica.doctor(&mut |_, _| {}).told(globals)?;
        let facts = replica.file_facts().told(globals)?;
        let status = replica.status().told(globals)?;
        let me = replica.identity();
        let bundle = json!({
            "bundle": "guicang.support/1",
            "program": globals.program,
            "version": env!("CARGO_PKG_VERSION"),
            "system": [std::env::consts::OS, std::env::consts::ARCH],
            "organisation": me.organisation.to_string(),
            "device": me.device.to_string(),
            "code": me.code.to_string(),
            "site": me.site.as_ref().map(ToString::to_string),
            "zone": me.zone.to_string(),
            "relay": me.relay_url.as_deref().map(without_user),
            "file": {
                "schema": facts.schema,
                "sqlite": facts.sqlite,
                "page_bytes": facts.page_bytes,
                "pages": facts.pages,
                "free_pages": facts.free_pages,
                "rows": facts.rows.into_iter().map(|(table, n)| (table.to_owned(), n.into())).collect::<serde_json::Map<_, _>>(),
                "documents": facts.documents.into_iter().map(|(kind, state, n)| json!({ "kind": kind, "state": state, "count": n })).collect::<Vec<_>>(),
            },
            "status": {
                "unsent_changes": status.unsent_changes,
                "oldest_unsent": status.oldest_unsent.map(|at| at.to_rfc3339()),
                "last_sync": status.last_sync.map(|at| at.to_rfc3339()),
                "fault": status.fault,
                "feeds": status.feeds.iter().map(|feed| json!({
                    "feed": feed.feed,
                    "position": feed.position,
                    "agreed": feed.agreed,
                    "checked": feed.checked.map(|at| at.to_rfc3339()),
                })).collect::<Vec<_>>(),
                // Without the detail, which may quote the document.
                "set_aside": status.set_aside.iter().map(|change| json!({
                    "change": change.change.to_string(),
                    "document": change.document.to_string(),
                    "number": change.number,
                    "how": change.how,
                    "rule": change.rule,
                    "reissued": change.reissued,
                })).collect::<Vec<_>>(),
            },
            "findings": findings.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            "more": more,
        });
        let text = format!("{bundle:#}\n");
        let path = self.file.display();
        std::fs::File::create_new(&self.file)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|e| {
                Failure::new(Exit::Other, carry::unwritable(l, &path, &e), carry::another_file(l))
            })?;
        globals.say(&texts::written(l, &path))
    }
}

/// An address without the user and password that one may stand in it.
fn without_user(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_user;

    #[test]
    fn an_address_loses_its_password() {
        assert_eq!(without_user("http://li:secret@hq.example.com:8620/x"), "http://hq.example.com:8620");
        assert_eq!(without_user("http://hq:8620"), "http://hq:8620");
        assert_eq!(without_user("secret"), "");
    }
}
