//! What both binaries' command lines share.

pub mod import;
