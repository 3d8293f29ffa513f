//! Chinese help of the commands that only the server has; keys as in `guicang_cli::help`.

use guicang_cli::help::Table;

/// The texts.
pub const SERVER: Table = &[];
