//! Imports, as stories: an excerpt of real transactions, made-up files with one thing wrong, and,
//! where the data folder is there, two years of a wholesaler's rows.

mod target;
mod stories;
mod refusals;
mod generic;
mod iowa;
mod real;
