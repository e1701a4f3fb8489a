//! Readers: each hands the entries of one format to a sink.

pub(crate) mod cpio;
pub(crate) mod rar;
pub(crate) mod sevenz;
pub(crate) mod stream;
pub(crate) mod tape;
pub(crate) mod tar;
pub(crate) mod zip;

use crate::codec::Codec;
use crate::context::Context;
use crate::describe::{Container, Shape};
use crate::entry::Sink;
use crate::source::Source;
use formwork_sdk::{Error, Result};
use tape::Tape;

/// One archive to be read.
#[derive(Clone, Copy)]
pub(crate) struct Archive<'a> {
    pub(crate) shape: Shape,
    pub(crate) source: Source<'a>,
    /// The outer file's name, which a single stream's inner name is made of.
    pub(crate) name: &'a str,
}

/// Whether the bytes of files are wanted, or only their entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Entries,
    Content,
}

impl<'a> Archive<'a> {
    /// Hands all entries to a sink, in the archive's order.
    ///
    /// # Errors
    ///
    /// Any; see the readers.
    pub(crate) fn read(&self, context: &'a Context<'a>, depth: Depth, sink: &mut dyn Sink<'a>) -> Result<()> {
        if self.source.length() == 0 {
            return Err(Error::corrupt("the file is empty"));
        }
        match self.shape {
            Shape::Container(Container::Zip) => zip::read(context, self.source, sink),
            Shape::Container(Container::SevenZip) => sevenz::read(context, self.source, depth, sink),
            Shape::Container(Container::Rar) => rar::read(context, self.source, depth, sink),
            Shape::Container(Container::Cpio) => cpio::read(context, Tape::plain(context, self.source), sink),
            Shape::Tar(codec) => tar::read(context, self.tape(context, codec)?, sink),
            Shape::Stream(codec) => {
                let label = stream::label(context, self.source, codec, self.name)?;
                stream::read(context, self.source, codec, label, sink)
            }
        }
    }

    fn tape(&self, context: &'a Context<'a>, codec: Option<Codec>) -> Result<Tape<'a>> {
        match codec {
            None => Ok(Tape::plain(context, self.source)),
            Some(codec) => Ok(Tape::stream(context, codec.open(context, self.source.whole(context))?)),
        }
    }
}
