//! The command line `guicang` as a person, or a script, meets it.

mod support;

mod help;
mod exceptions;
mod states;
mod imports;
mod branch;
mod cash;
mod counts;
mod figures;
mod goods;
mod mistakes;
mod policy;
mod link;
