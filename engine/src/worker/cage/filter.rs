//! Which system calls a worker may make, by seccomp.
//!
//! Four filters on top of each other; the strictest answer wins. Version 2 of the lists: what the C library and
//! the Rust runtime need for memory, threads, time and open files, checked against a census of real runs
//! (`census.tsv`, taken by `cargo xtask census`).

use super::Class;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Is, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// Nobody needs these by mistake: whoever makes one is killed. Also refused to programs.
const KILLED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_userfaultfd,
    libc::SYS_open_by_handle_at,
    libc::SYS_pidfd_getfd,
];

/// Started from inside a codec, these can only be an attack.
const KILLED_IN_CODECS: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

/// What every codec needs: memory, threads, time, and reading and writing what is open.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getcpu,
    libc::SYS_membarrier,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_copy_file_range,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_ppoll,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_clone3,
    libc::SYS_statx,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

/// What reading the system's fonts takes besides; Landlock says which files.
const FILES: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
];

/// What working in a private folder takes besides.
const FOLDER: &[i64] = &[
    libc::SYS_unlinkat,
    libc::SYS_mkdirat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
    libc::SYS_umask,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_dup3,
    libc::SYS_fchdir,
    libc::SYS_chdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
];

/// Installs the filters of a class. This thread cannot take them off again.
pub(super) fn install(class: Class) -> Result<(), String> {
    let killed = KILLED.iter().chain(if class == Class::Programs { &[] } else { KILLED_IN_CODECS });
    apply(plain(killed), SeccompAction::Allow, SeccompAction::KillProcess)?;
    if class == Class::Programs {
        return Ok(());
    }
    apply(plain(unknown(class)), SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    if class == Class::Codec && super::super::status::answers_itself() {
        apply(plain(&[libc::SYS_newfstatat]), SeccompAction::Allow, SeccompAction::Trap)?;
    }
    apply(allowed(class)?, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

/// Calls that look as if the kernel were older: the C library then makes threads by `clone`, whose flags can be
/// looked at, and asks by `fstat`.
fn unknown(class: Class) -> &'static [i64] {
    if class == Class::Codec { &[libc::SYS_clone3, libc::SYS_statx] } else { &[libc::SYS_clone3] }
}

/// What a class may call; everything else is refused.
fn allowed(class: Class) -> Result<Rules, String> {
    let files = FILES.iter().filter(|_| class != Class::Codec);
    let folder = FOLDER.iter().filter(|_| class == Class::Folder);
    let mut allowed = plain(ALLOWED.iter().chain(files).chain(folder));
    allowed.extend(conditional().map_err(|error| format!("seccomp: {error}"))?);
    Ok(allowed)
}

fn plain<'n>(numbers: impl IntoIterator<Item = &'n i64>) -> Rules {
    numbers.into_iter().map(|number| (*number, Vec::new())).collect()
}

/// Calls that are allowed with some arguments only.
fn conditional() -> Result<Rules, seccompiler::BackendError> {
    let rule = |argument, width, is, value| {
        SeccompRule::new(vec![SeccompCondition::new(argument, width, is, value)?])
    };
    let equal = |argument, value: u64| rule(argument, Width::Dword, Is::Eq, value);
    let mut rules = Rules::new();
    // Threads of this process, no processes.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![rule(0, Width::Qword, Is::MaskedEq(thread), thread)?]);
    // Asking for limits, not setting them.
    rules.insert(libc::SYS_prlimit64, vec![rule(2, Width::Qword, Is::Eq, 0)?]);
    // `abort` signals its own process.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![equal(0, own)?]);
    let control = [
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_DUPFD_CLOEXEC,
        libc::F_ADD_SEALS,
        libc::F_GET_SEALS,
    ];
    let control = control.iter().map(|command| equal(1, *command as u64)).collect::<Result<Vec<_>, _>>()?;
    rules.insert(libc::SYS_fcntl, control);
    let names = [libc::PR_SET_NAME, libc::PR_GET_NAME, PR_SET_VMA];
    rules.insert(libc::SYS_prctl, names.iter().map(|name| equal(0, *name as u64)).collect::<Result<_, _>>()?);
    // Long frames travel in memory files.
    rules.insert(libc::SYS_memfd_create, Vec::new());
    // For the filters themselves nothing more: this one comes last.
    Ok(rules)
}

/// Names a range of memory (prctl(2)).
const PR_SET_VMA: i32 = 0x53_56_4d_41;

fn apply(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("seccomp: {error}");
    let filter = SeccompFilter::new(rules, otherwise, matched, ARCH).map_err(|error| failed(&error))?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| failed(&error))?;
    seccompiler::apply_filter(&program).map_err(|error| failed(&error))
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Rows of the census: class, call, number, path.
    fn census() -> impl Iterator<Item = (Class, &'static str, i64, &'static str)> {
        let rows = include_str!("census.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
        rows.filter_map(|row| {
            let [class, name, number, _, path] = row.split('\t').collect::<Vec<_>>().try_into().ok()?;
            Some((Class::from_word(class)?, name, number.parse().ok()?, path))
        })
    }

    /// Calls that are refused though they are made, and the path: the C library asks whether memory is
    /// overcommitted before it gives some back, and does without an answer.
    const REFUSED: &[(Class, &str, &str)] = &[(Class::Codec, "openat", "/proc/sys/vm/overcommit_memory")];

    /// What real runs call is allowed, or answered in a way the C library copes with.
    #[test]
    fn the_census_is_allowed() {
        assert_eq!(
            census().count() + 2,
            include_str!("census.tsv").lines().count(),
            "every row is understood"
        );
        for (class, name, number, path) in census() {
            if REFUSED.contains(&(class, name, path)) {
                continue;
            }
            let fine = match class {
                Class::Programs => !KILLED.contains(&number),
                _ => {
                    allowed(class).is_ok_and(|allowed| allowed.contains_key(&number))
                        || unknown(class).contains(&number)
                }
            };
            assert!(fine, "{class:?} calls {name}, which is refused");
        }
    }

    /// No class may make, by one list, a call that another list kills it for.
    #[test]
    fn nothing_allowed_is_killed() {
        for class in [Class::Codec, Class::Files, Class::Folder] {
            let both = allowed(class)
                .map(|allowed| KILLED.iter().chain(KILLED_IN_CODECS).find(|call| allowed.contains_key(call)));
            assert_eq!(both, Ok(None), "{class:?}");
        }
    }
}
