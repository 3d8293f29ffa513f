//! The relay's promises as stories, on a real SQLite file with real Automerge changes.

mod support;
mod feeds;
mod rights;
mod admitting;
mod durability;
mod joining;
mod over_http;
mod quota;
