//! Documents as Automerge keeps them: written, merged, attacked, and read back.

mod fixtures;
mod goods;
mod golden;
mod round_trip;
mod left_out;
mod merge;
mod newer;
mod master;
mod headers;
mod hostile;
mod reissue;
