//! What the tests that cross crate borders share: running the program, reading its receipts, and having what
//! it wrote judged by tools that are not ours.
//!
//! | module | what it knows |
//! |---|---|
//! | [`place`] | where the program, the corpus and the foreign tools are |
//! | [`installed`] | a folder into which what was built is installed |
//! | [`processes`] | which processes are about, and what this one holds |
//! | [`random`] | numbers and damage that are the same each time |
//! | [`run`] | a process with a deadline, and what it cost |
//! | [`program`] | our command line: a call, its receipt, its error kind |
//! | [`corpus`] | the files of `MANIFEST.tsv` |
//! | [`judge`] | foreign readers: size, frames and look of a picture, members of an archive |
//! | [`strict`] | foreign checkers that only say right or wrong |
//! | [`tree`] | a folder before and after |
//! | [`hostile`] | a world of its own for broken and evil files |
//! | [`lures`] | files that name other files and hosts |
//! | [`made`] | small files made here, for machines without a corpus |
//! | [`conformance`] | every pair of formats on every file |
//! | [`operations`] | every cell of the matrix that is no conversion |
//! | [`evidence`] | what was found of which cell, and when |

pub mod c_header;
pub mod conformance;
pub mod corpus;
pub mod evidence;
pub mod hostile;
pub mod http;
pub mod installed;
pub mod judge;
pub mod lures;
pub mod made;
pub mod operations;
pub mod place;
pub mod processes;
pub mod program;
pub mod random;
pub mod run;
pub mod strict;
pub mod tree;

/// Failures of the test equipment itself, told in words.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
