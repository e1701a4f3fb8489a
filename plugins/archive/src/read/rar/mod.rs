//! RAR archives, from RAR 1.3 to RAR 7, through the `rars` crate.

mod loan;

use super::Depth;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::names::shown;
use crate::source::Source;
use crate::text;
use crate::time::Time;
use formwork_sdk::{Error, ErrorKind, Result};
use loan::{Feed, Lender, SourceLender};
use rars::{
    Archive, ArchiveMember, ArchiveMemberDetail, ArchiveReadOptions, ArchiveReader, AttrSource,
    ExtractionDecision, ReadCancellation,
};
use std::cell::RefCell;
use std::io;

/// Reads all entries.
///
/// # Errors
///
/// `corrupt_input`, `password_required`, `limit_exceeded` (`memory`); whatever the sink says.
pub(crate) fn read<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    depth: Depth,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let lender = SourceLender::new(source);
    let cancellation = ReadCancellation::new();
    let options = options(context, &cancellation);
    let archive = ArchiveReader::read_reader_with_options(lender.source(), options);
    let archive = archive.map_err(|error| explain(context, &error))?;
    if depth == Depth::Entries {
        for member in archive.members() {
            list(context, &member, sink)?;
        }
        return Ok(());
    }
    whole(context, &archive)?;
    let flow = Flow { context, cancellation: &cancellation, state: RefCell::new(State::new(sink)) };
    flow.run(&archive, options)
}

fn options<'o>(context: &Context<'o>, cancellation: &'o ReadCancellation) -> ArchiveReadOptions<'o> {
    let limits = &context.limits;
    ArchiveReadOptions::with_optional_password(context.password.map(str::as_bytes))
        .with_cancellation(cancellation)
        .with_max_header_count(limits.entries.saturating_mul(2).saturating_add(16))
        .with_max_header_bytes(limits.metadata)
        .with_max_reader_workspace_bytes(limits.memory)
        .with_rar50_dictionary_size_limit(limits.memory)
        .with_max_member_output_bytes(limits.output)
}

/// Hands an entry on without its bytes.
fn list<'a>(context: &Context<'_>, member: &ArchiveMember, sink: &mut dyn Sink<'a>) -> Result<()> {
    context.tick()?;
    let entry = describe(member);
    if entry.is_file() {
        if sink.begin(entry)? {
            sink.end()?;
        }
        return Ok(());
    }
    sink.bare(entry)
}

/// Refuses one part of an archive in several, and names the part that is missing.
fn whole(context: &Context<'_>, archive: &Archive) -> Result<()> {
    let outer = context.step.input()?.name();
    for member in archive.members() {
        let name = shown(&describe(&member).name);
        if member.meta.is_split_before {
            let text = format!(
                "the RAR is in several parts, and this is not the first: entry {name} begins in the part before"
            );
            return Err(Error::corrupt(text));
        }
        if member.meta.is_split_after {
            let next = next_part(&outer);
            let text =
                format!("the RAR is in several parts: entry {name} goes on in {next}, which is missing");
            return Err(Error::corrupt(text));
        }
    }
    Ok(())
}

/// The name of the part after this one: `x.part02.rar` after `x.part01.rar`, `x.r00` after `x.rar`.
fn next_part(name: &str) -> String {
    let name = crate::names::last_part(name);
    let Some(stem) = name.strip_suffix(".rar") else { return "the next part".to_owned() };
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (word, number) = stem.split_at(stem.len() - digits);
    match number.parse::<u64>() {
        Ok(value) if word.ends_with("part") => {
            shown(&format!("{word}{:0digits$}.rar", value.saturating_add(1)))
        }
        _ => shown(&format!("{stem}.r00")),
    }
}

/// Hands on what the reader unpacks.
struct Flow<'f, 'a> {
    context: &'a Context<'a>,
    cancellation: &'f ReadCancellation,
    state: RefCell<State<'f, 'a>>,
}

struct State<'f, 'a> {
    sink: &'f mut dyn Sink<'a>,
    current: Current,
    /// The first error of ours; the reader only passes on that there was one.
    failed: Option<Error>,
}

/// What the bytes that come belong to.
enum Current {
    Nothing,
    /// A file its sink wants, and how many packed bytes it took.
    File(u64),
    /// A symbolic link of the old kind, whose bytes are its target.
    Link(Box<Entry>, Vec<u8>),
}

impl<'f, 'a> State<'f, 'a> {
    fn new(sink: &'f mut dyn Sink<'a>) -> Self {
        State { sink, current: Current::Nothing, failed: None }
    }

    fn end(&mut self, context: &Context<'_>) -> Result<()> {
        match std::mem::replace(&mut self.current, Current::Nothing) {
            Current::Nothing => Ok(()),
            Current::File(packed) => {
                context.advance(packed)?;
                self.sink.end()
            }
            Current::Link(mut entry, target) => {
                entry.kind = Kind::Symlink(text::decode(&target));
                self.sink.bare(*entry)
            }
        }
    }

    /// Begins a member; returns whether its bytes are wanted.
    fn begin(&mut self, context: &Context<'_>, member: &ArchiveMember) -> Result<bool> {
        self.end(context)?;
        context.tick()?;
        let entry = describe(member);
        if is_old_link(member) {
            if member.meta.unpacked_size > context.limits.name {
                return Err(Error::corrupt("a symbolic link's target is longer than a path can be"));
            }
            self.current = Current::Link(Box::new(entry), Vec::new());
            return Ok(true);
        }
        if !entry.is_file() {
            self.sink.bare(entry)?;
            return Ok(false);
        }
        let packed = member.meta.packed_size;
        let wanted = self.sink.begin(entry)?;
        if wanted {
            self.current = Current::File(packed);
        }
        Ok(wanted)
    }

    fn feed(&mut self, context: &Context<'_>, bytes: &[u8]) -> Result<()> {
        context.tick()?;
        match &mut self.current {
            Current::Nothing => context.unpack(bytes.len() as u64),
            Current::File(_) => bytes.chunks(1 << 20).try_for_each(|piece| self.sink.data(piece)),
            Current::Link(_, target) if (target.len() + bytes.len()) as u64 <= context.limits.name => {
                target.extend_from_slice(bytes);
                Ok(())
            }
            Current::Link(..) => Err(Error::corrupt("a symbolic link's target is longer than a path can be")),
        }
    }
}

impl Flow<'_, '_> {
    fn run(&self, archive: &Archive, options: ArchiveReadOptions<'_>) -> Result<()> {
        let lender = Lender::new(self);
        let solid = archive.members().any(|member| member.is_solid());
        let outcome = archive.extract_with_control(options, |member| self.decide(member, solid, &lender));
        drop(lender);
        let mut state = self.state.borrow_mut();
        if let Some(failed) = state.failed.take() {
            return Err(failed);
        }
        outcome.map_err(|error| explain(self.context, &error))?;
        state.end(self.context)
    }

    fn decide(
        &self,
        member: &ArchiveMember,
        solid: bool,
        lender: &Lender<'_>,
    ) -> rars::Result<ExtractionDecision> {
        let wanted = self.keep(|state| state.begin(self.context, member));
        match wanted {
            Ok(true) => Ok(ExtractionDecision::Extract(Box::new(lender.writer()))),
            // A solid archive's later files need the bytes of the earlier ones.
            Ok(false) if solid && !member.meta.is_directory && !member.meta.is_redirection => {
                Ok(ExtractionDecision::Extract(Box::new(lender.writer())))
            }
            Ok(false) => Ok(ExtractionDecision::Skip),
            Err(error) => Err(rars::Error::from(error)),
        }
    }

    /// Keeps the first error, and lets the reader know that it must stop.
    fn keep<R>(&self, work: impl FnOnce(&mut State<'_, '_>) -> Result<R>) -> io::Result<R> {
        let mut state = self.state.try_borrow_mut().map_err(io::Error::other)?;
        work(&mut state).map_err(|error| {
            self.cancellation.cancel();
            state.failed.get_or_insert(error);
            io::Error::other("stopped")
        })
    }
}

impl Feed for Flow<'_, '_> {
    fn feed(&self, bytes: &[u8]) -> io::Result<()> {
        self.keep(|state| state.feed(self.context, bytes))
    }
}

/// Tells whether a member of RAR 4 and before is a symbolic link.
fn is_old_link(member: &ArchiveMember) -> bool {
    let old = !matches!(member.detail, ArchiveMemberDetail::Rar50Plus { .. });
    old && member.meta.attr_source() == AttrSource::Unix && member.meta.file_attr & 0o170_000 == 0o120_000
}

fn describe(member: &ArchiveMember) -> Entry {
    let meta = &member.meta;
    let name =
        member.decoded_name(None).map_or_else(|_| text::decode(&meta.name), |name| text::decode(&name));
    // Before RAR 5 folders were always set apart by backslashes.
    let old = !matches!(member.detail, ArchiveMemberDetail::Rar50Plus { .. });
    let name = if old { name.replace('\\', "/") } else { name };
    let unix = meta.attr_source() == AttrSource::Unix;
    let kind = match &member.detail {
        ArchiveMemberDetail::Rar50Plus { redirection: Some(link), .. } => {
            let target = text::decode(&link.target_name);
            match link.redirection_type {
                1..=3 => Kind::Symlink(target.replace('\\', "/")),
                4 | 5 => Kind::HardLink(target),
                _ => Kind::Special("it is a link of an unknown kind"),
            }
        }
        _ if meta.is_directory => Kind::Directory,
        _ if is_old_link(member) => Kind::Symlink(String::new()),
        _ => Kind::File,
    };
    let mut entry = Entry::new(name, kind);
    entry.bytes = entry.is_file().then_some(meta.unpacked_size);
    entry.packed = Some(meta.packed_size);
    entry.modified = modified(member);
    entry.mode = unix.then_some((meta.file_attr & 0o7777) as u32);
    entry.encrypted = meta.is_encrypted;
    entry
}

/// The last change. Old archives have the clock of the machine they were made on: read as UTC.
fn modified(member: &ArchiveMember) -> Option<Time> {
    let raw = member.meta.file_time?;
    let detail = member.meta.mtime_refinement;
    let base = match member.detail {
        ArchiveMemberDetail::Rar50Plus { .. } => Time::at(i64::from(raw)),
        _ => Time::from_dos((raw >> 16) as u16, raw as u16)?,
    };
    let second = i64::from(detail.is_some_and(|detail| detail.add_second));
    let nanoseconds = detail.map_or(0, |detail| detail.nanoseconds).min(999_999_999);
    Some(Time { seconds: base.seconds + second, nanoseconds })
}

fn explain(context: &Context<'_>, error: &rars::Error) -> Error {
    use rars::ErrorKind as Kind;
    match error.kind() {
        Kind::PasswordRequired => Error::password("the RAR archive is encrypted: give `password`"),
        Kind::BadPassword if context.password.is_none() => {
            Error::password("the RAR archive is encrypted: give `password`")
        }
        Kind::BadPassword => Error::password("wrong password, or the encrypted data is broken"),
        Kind::ChecksumMismatch if context.password.is_some() => {
            Error::password(format!("wrong password, or the data is broken: {error}"))
        }
        Kind::ResourceLimit => limit(context, error),
        Kind::UnsupportedFeature | Kind::UnsupportedFormat => Error::unsupported(error.to_string()),
        Kind::Cancelled => match context.tick() {
            Err(error) => error,
            Ok(()) => Error::new(ErrorKind::Cancelled, "the job was cancelled"),
        },
        _ => Error::corrupt(format!("the RAR archive is broken: {error}")),
    }
}

fn limit(context: &Context<'_>, error: &rars::Error) -> Error {
    use rars::Error as Cause;
    match error.root_cause() {
        Cause::HeaderCountLimitExceeded { required, .. } => {
            Error::limit("entries", required, context.limits.entries)
        }
        Cause::HeaderBytesLimitExceeded { required, .. } => {
            Error::limit("metadata", required, context.limits.metadata)
        }
        Cause::MemberOutputLimitExceeded { required, .. }
        | Cause::TotalOutputLimitExceeded { required, .. } => {
            Error::limit("output", required, context.limits.output)
        }
        _ => Error::limit("memory", format!("more: {error}"), context.limits.memory),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_next_part_is_named() {
        assert_eq!(super::next_part("a/x.part01.rar"), "\"x.part02.rar\"");
        assert_eq!(super::next_part("x.part9.rar"), "\"x.part10.rar\"");
        assert_eq!(super::next_part("x.rar"), "\"x.r00\"");
        assert_eq!(super::next_part("x.r07"), "the next part");
    }
}
