//! Writers: each is a sink that makes one archive, or files, of the entries it is given.

pub(crate) mod files;
pub(crate) mod out;
pub(crate) mod pack;
pub(crate) mod sevenz;
pub(crate) mod single;
pub(crate) mod tar;
pub(crate) mod zip;
