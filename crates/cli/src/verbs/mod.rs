//! The verbs that both binaries share: for each, its arguments and what it does.
