//! Answers `fstat` inside a codec's worker.
//!
//! The C library asks for the status of an open file by `newfstatat` with an empty path. The filter cannot
//! see whether the path is empty, and with one that is not, the call would tell about any file. So the filter
//! sends each such call to this handler, which answers those for open files by `fstat` and refuses the rest.

/// Whether this machine's call has a handler.
pub(super) const fn answers_itself() -> bool {
    cfg!(target_arch = "x86_64")
}

/// Installs the handler.
#[cfg(target_arch = "x86_64")]
pub(super) fn answer() {
    // SAFETY: all zeros is a valid `sigaction`, and the handler keeps to what a handler may do.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut());
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn answer() {}

#[cfg(target_arch = "x86_64")]
extern "C" fn handle(_: i32, _: *mut libc::siginfo_t, context: *mut std::ffi::c_void) {
    // SAFETY: the kernel hands over the interrupted context; its registers hold the call's arguments
    // (System V ABI: rdi, rsi, rdx, r10) and take its answer (rax).
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let at = |register: i32| registers[register as usize];
        let (file, path, buffer, flags) =
            (at(libc::REG_RDI), at(libc::REG_RSI), at(libc::REG_RDX), at(libc::REG_R10));
        let open_file = path == 0 || *(path as *const u8) == 0;
        let answer = if open_file && flags & i64::from(libc::AT_EMPTY_PATH) != 0 {
            let before = *libc::__errno_location();
            let status = libc::syscall(libc::SYS_fstat, file, buffer);
            let error = std::mem::replace(&mut *libc::__errno_location(), before);
            if status == 0 { 0 } else { -i64::from(error) }
        } else {
            -i64::from(libc::EPERM)
        };
        registers[libc::REG_RAX as usize] = answer;
    }
}
