//! The socket between engine and worker: packets, each with at most one descriptor.

use super::frame::{self, Fields};
use super::memory;
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// How long the engine waits for a worker to take packets off its hands. An honest one is waiting for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// One end of the pair.
#[derive(Debug)]
pub(crate) struct Socket {
    end: OwnedFd,
    /// Room for the packet that comes in.
    room: RefCell<Vec<u8>>,
}

/// What came in.
#[derive(Debug)]
pub(crate) struct Packet {
    /// The frame.
    pub(crate) bytes: Vec<u8>,
    /// The descriptor that came with it.
    pub(crate) descriptor: Option<OwnedFd>,
}

impl Socket {
    /// Makes a connected pair; neither end is inherited by programs started meanwhile. Ours gives up sending
    /// when the other end is not read.
    pub(crate) fn pair() -> io::Result<(Socket, OwnedFd)> {
        let mut ends = [-1; 2];
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        // SAFETY: `ends` has room for two descriptors.
        if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were just opened and belong to nobody else.
        let [ours, theirs] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
        let ours = Socket::from_descriptor(ours);
        ours.give_up_sending_after(PATIENCE)?;
        Ok((ours, theirs))
    }

    fn give_up_sending_after(&self, patience: Duration) -> io::Result<()> {
        let time = libc::timeval {
            tv_sec: patience.as_secs() as libc::time_t,
            tv_usec: libc::suseconds_t::from(patience.subsec_micros()),
        };
        let (start, size) = ((&raw const time).cast(), size_of_val(&time) as libc::socklen_t);
        let end = self.end.as_raw_fd();
        // SAFETY: the option takes a `timeval`, which lives for the call.
        if unsafe { libc::setsockopt(end, libc::SOL_SOCKET, libc::SO_SNDTIMEO, start, size) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// The end a worker was started with.
    pub(crate) fn standard_input() -> Socket {
        // SAFETY: the program was started with this end as its standard input, and nobody else uses it.
        Socket::from_descriptor(unsafe { OwnedFd::from_raw_fd(0) })
    }

    /// Takes over an end.
    pub(crate) fn from_descriptor(descriptor: OwnedFd) -> Socket {
        Socket { end: descriptor, room: RefCell::new(vec![0; frame::MOST]) }
    }

    /// Sends a frame; a long one goes through a memory file.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= frame::MOST {
            return self.send_packet(bytes, None);
        }
        if bytes.len() as u64 > frame::MOST_LONG {
            return Err(io::Error::other("the frame is too long"));
        }
        let file = memory::file_of(bytes)?;
        self.send_packet(&[frame::LONG], Some(file.as_raw_fd()))
    }

    /// Sends a short frame with a descriptor.
    pub(crate) fn send_with(&self, bytes: &[u8], descriptor: &impl AsRawFd) -> io::Result<()> {
        self.send_packet(bytes, Some(descriptor.as_raw_fd()))
    }

    fn send_packet(&self, bytes: &[u8], descriptor: Option<RawFd>) -> io::Result<()> {
        let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let mut control = Control::default();
        // SAFETY: all zeros is a valid empty message.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        if let Some(descriptor) = descriptor {
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = CONTROL_USED as _;
            // SAFETY: the control buffer is large and aligned enough for one header and one descriptor.
            unsafe {
                let header = libc::CMSG_FIRSTHDR(&raw const message);
                (*header).cmsg_level = libc::SOL_SOCKET;
                (*header).cmsg_type = libc::SCM_RIGHTS;
                (*header).cmsg_len = libc::CMSG_LEN(4) as _;
                libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(descriptor);
            }
        }
        loop {
            // SAFETY: the message points to buffers that live for the call.
            let sent = unsafe { libc::sendmsg(self.end.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
            if sent >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Waits for a packet. `Ok(None)`: nothing within `patience`. An error of kind `UnexpectedEof`: the
    /// other end is gone.
    pub(crate) fn receive(&self, patience: Option<Duration>) -> io::Result<Option<Packet>> {
        if let Some(patience) = patience
            && !self.wait(patience)?
        {
            return Ok(None);
        }
        let packet = self.receive_packet()?;
        if packet.bytes != [frame::LONG] {
            return Ok(Some(packet));
        }
        let file = packet.descriptor.ok_or_else(|| io::Error::other("a long frame without its content"))?;
        let bytes = memory::read_all(&std::fs::File::from(file), frame::MOST_LONG)?;
        Ok(Some(Packet { bytes, descriptor: None }))
    }

    fn wait(&self, patience: Duration) -> io::Result<bool> {
        let mut poll = libc::pollfd { fd: self.end.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let milliseconds = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one valid entry.
        match unsafe { libc::poll(&raw mut poll, 1, milliseconds) } {
            0 => Ok(false),
            count if count > 0 => Ok(true),
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                error => Err(error),
            },
        }
    }

    fn receive_packet(&self) -> io::Result<Packet> {
        let mut room = self.room.borrow_mut();
        let mut part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
        let mut control = Control::default();
        // SAFETY: all zeros is a valid empty message.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = size_of::<Control>() as _;
        let count = loop {
            // SAFETY: the message points to buffers that live for the call.
            let count =
                unsafe { libc::recvmsg(self.end.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
            match usize::try_from(count) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => break count,
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error if error.raw_os_error() == Some(libc::ECONNRESET) => {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    error => return Err(error),
                },
            }
        };
        let mut descriptors = descriptors(&message);
        if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 || descriptors.len() > 1 {
            return Err(io::Error::other("a packet is longer than agreed"));
        }
        let bytes = room.get(..count).unwrap_or_default().to_vec();
        Ok(Packet { bytes, descriptor: descriptors.pop() })
    }
}

impl Packet {
    /// Its kind and fields.
    pub(crate) fn fields(&self) -> Option<(u8, Fields<'_>)> {
        Fields::of(&self.bytes)
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.end.as_raw_fd()
    }
}

/// Room for control messages, aligned for their headers.
#[derive(Default)]
#[repr(C, align(8))]
struct Control([u64; 8]);

/// Bytes one descriptor takes.
// SAFETY: a computation without side effects.
const CONTROL_USED: u32 = unsafe { libc::CMSG_SPACE(4) };

/// Takes all descriptors out of a received message, so that none leaks whatever a worker sends.
fn descriptors(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut found = Vec::new();
    // SAFETY: the kernel filled the control buffer; headers are walked with its own macros.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let bytes = ((*header).cmsg_len as usize).saturating_sub(libc::CMSG_LEN(0) as usize);
                for index in 0..bytes / 4 {
                    let descriptor = libc::CMSG_DATA(header).cast::<RawFd>().add(index).read_unaligned();
                    found.push(OwnedFd::from_raw_fd(descriptor));
                }
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_never_read_does_not_hold_the_engine() {
        let (ours, _theirs) = Socket::pair().unwrap();
        ours.give_up_sending_after(Duration::from_millis(50)).unwrap();
        let sent = (0..100_000).map(|_| ours.send(b"answer")).find(Result::is_err);
        assert_eq!(sent.unwrap().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn packets_and_descriptors_arrive() {
        let (ours, theirs) = Socket::pair().unwrap();
        let theirs = Socket::from_descriptor(theirs);
        ours.send(b"one").unwrap();
        let file = memory::file_of(b"content").unwrap();
        ours.send_with(b"two", &file).unwrap();
        let long = vec![7_u8; frame::MOST + 1];
        ours.send(&long).unwrap();
        assert_eq!(theirs.receive(None).unwrap().unwrap().bytes, b"one");
        let packet = theirs.receive(None).unwrap().unwrap();
        let inside = memory::read_all(&std::fs::File::from(packet.descriptor.unwrap()), 100).unwrap();
        assert_eq!((packet.bytes.as_slice(), inside.as_slice()), (&b"two"[..], &b"content"[..]));
        assert_eq!(theirs.receive(None).unwrap().unwrap().bytes, long);
        assert!(theirs.receive(Some(Duration::from_millis(1))).unwrap().is_none());
        drop(ours);
        assert_eq!(theirs.receive(None).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
