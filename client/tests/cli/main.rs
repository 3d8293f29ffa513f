//! The command line `guicang` as a person, or a script, meets it.

mod support;

mod help;
mod imports;
mod branch;
mod figures;
mod goods;
mod mistakes;
mod link;
