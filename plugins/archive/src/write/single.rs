//! Writes the one file of an archive as a single compressed stream.

use super::pack::Packer;
use crate::codec::{Codec, Label, gzip};
use crate::context::Context;
use crate::entry::{Entry, Sink};
use crate::member::Member;
use crate::names;
use crate::pool::Pool;
use crate::scratch::Scratch;
use formwork_sdk::{ErrorKind, Feature, Result};

/// Compresses one file; everything that is no file is left out.
pub(crate) struct SingleSink<'p, 'q, 'a> {
    context: &'a Context<'a>,
    pool: &'p Pool<'q, 'a>,
    codec: Codec,
    packer: Option<Packer<'p, 'q, 'a>>,
    scratch: Scratch,
    done: bool,
}

impl<'p, 'q, 'a> SingleSink<'p, 'q, 'a> {
    pub(crate) fn new(context: &'a Context<'a>, pool: &'p Pool<'q, 'a>, codec: Codec) -> Self {
        SingleSink { context, pool, codec, packer: None, scratch: Scratch::default(), done: false }
    }

    /// Checks that there was a file.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when there was none.
    pub(crate) fn finish(self) -> Result<()> {
        if self.done {
            return Ok(());
        }
        let text = format!("the archive holds no file that could become a {} stream", self.codec.word());
        Err(formwork_sdk::Error::unsupported(text))
    }

    fn open(&mut self, entry: &Entry) -> Result<Packer<'p, 'q, 'a>> {
        if std::mem::replace(&mut self.done, true) {
            // The caller counts files before it chooses this sink.
            return Err(formwork_sdk::Error::new(
                ErrorKind::Internal,
                "a single stream was given several files",
            ));
        }
        let name = names::last_part(&entry.name).to_owned();
        if self.codec != Codec::Gzip {
            self.context.step.lose(Feature::Names, format!("{} keeps no file name", self.codec.word()));
            self.context.step.lose(Feature::Timestamps, format!("{} keeps no time", self.codec.word()));
        }
        let label = Label { name: Some(name), modified: entry.modified };
        Packer::open(self.context, self.pool, Some(self.codec), &label)
    }
}

impl<'a> Sink<'a> for SingleSink<'_, '_, 'a> {
    fn bare(&mut self, _entry: Entry) -> Result<()> {
        Ok(())
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        let mut packer = self.open(&entry)?;
        let context = self.context;
        if member.is_deflate() && packer.takes_members() {
            let label =
                Label { name: Some(names::last_part(&entry.name).to_owned()), modified: entry.modified };
            packer.put_whole_member(gzip::header(&label), context, &member, &mut self.scratch)?;
            return packer.close();
        }
        member.unpack(context, &mut self.scratch, &mut |bytes| packer.put(bytes))?;
        packer.close()
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.packer = Some(self.open(&entry)?);
        Ok(true)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.packer {
            Some(packer) => packer.put(bytes),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<()> {
        match self.packer.take() {
            Some(packer) => packer.close(),
            None => Ok(()),
        }
    }
}
