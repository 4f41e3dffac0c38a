//! What was acknowledged is there once and whole, whatever fails: the rows of the table in
//! docs/durability.md, a test each.

mod damaged;
pub(crate) mod floods;
mod full_disk;
mod hostile;
mod injected;
mod kills;
mod ledger;
mod long_writes;
mod neighbours;
mod parsers;
mod power_cut;
mod recorder;
mod simulated;
mod subscribers;
mod table;
pub(crate) mod tally;
pub(crate) mod volume;
mod whole_tree;
mod writers;
mod written_order;
