//! Ways out of a cage. Each tries one thing a converter never needs.

use std::io;

/// Every way that is tried.
pub const ESCAPES: &[&str] = &[
    "open_file",
    "create_file",
    "stat_file",
    "list_folder",
    "unix_socket",
    "tcp_socket",
    "udp_socket",
    "netlink_socket",
    "socket_pair",
    "exec",
    "fork",
    "vfork",
    "ptrace",
    "read_memory_of_parent",
    "signal_parent",
    "io_uring",
    "namespace",
    "mount",
    "keyring",
    "bpf",
    "perf",
    "change_root",
    "change_folder",
    "raise_limit",
    "personality",
];

/// Tries one. `Ok` means that it worked, which it must not.
pub(crate) fn attempt(way: &str) -> io::Result<()> {
    let parent = std::os::unix::process::parent_id() as i32;
    // SAFETY: system calls whose pointers are to values that live for the call, or null where that is allowed.
    let status = unsafe {
        match way {
            "open_file" => return std::fs::File::open("/etc/passwd").map(drop),
            "create_file" => return std::fs::write("/tmp/formwork-escaped", b"x"),
            "stat_file" => return std::fs::metadata("/etc/passwd").map(drop),
            "list_folder" => return std::fs::read_dir("/").map(drop),
            "unix_socket" => libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0).into(),
            "tcp_socket" => libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0).into(),
            "udp_socket" => libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0).into(),
            "netlink_socket" => libc::socket(libc::AF_NETLINK, libc::SOCK_RAW, 0).into(),
            "socket_pair" => {
                libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, [0_i32; 2].as_mut_ptr()).into()
            }
            "exec" => {
                let words = [c"/bin/true".as_ptr(), std::ptr::null()];
                libc::execv(words[0], words.as_ptr()).into()
            }
            "fork" => match libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) {
                0 => libc::_exit(0),
                child => child,
            },
            "vfork" => return std::process::Command::new("/bin/true").spawn().map(drop),
            "ptrace" => libc::ptrace(libc::PTRACE_ATTACH, parent, 0, 0),
            "read_memory_of_parent" => {
                let mut byte = [0_u8; 1];
                let here = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
                libc::process_vm_readv(parent, &raw const here, 1, &raw const here, 1, 0) as i64
            }
            "signal_parent" => libc::kill(parent, 0).into(),
            "io_uring" => libc::syscall(libc::SYS_io_uring_setup, 8, [0_u8; 120].as_mut_ptr()),
            "namespace" => libc::unshare(libc::CLONE_NEWUSER).into(),
            "mount" => {
                let nothing = std::ptr::null();
                libc::mount(nothing, c"/".as_ptr(), nothing, libc::MS_PRIVATE, std::ptr::null()).into()
            }
            "keyring" => libc::syscall(libc::SYS_keyctl, 0, -3, 1),
            "bpf" => libc::syscall(libc::SYS_bpf, 0, [0_u8; 128].as_ptr(), 128),
            "perf" => libc::syscall(libc::SYS_perf_event_open, [0_u8; 128].as_ptr(), 0, -1, -1, 0),
            "change_root" => libc::chroot(c"/tmp".as_ptr()).into(),
            "change_folder" => libc::chdir(c"/".as_ptr()).into(),
            "raise_limit" => {
                let limit = libc::rlimit { rlim_cur: 4_000, rlim_max: 4_000 };
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit).into()
            }
            "personality" => libc::personality(0x0004_0000).into(),
            _ => return Err(io::Error::other("no such way")),
        }
    };
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
