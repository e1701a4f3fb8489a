//! What a host may put in place of the system's own, for the whole process: memory and time. They exist so that faults
//! can be injected, and so that a host's own allocator sees what the library takes.

use crate::guard::{guard, published_up_to, read_struct};
use crate::{Error, Status};
use formwork::Clock;
use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

/// An allocator a host brings along. Every function is called from any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Allocator {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Gives `size` bytes at a multiple of `alignment`, a power of two; NULL when there are none.
    pub allocate:
        Option<unsafe extern "C" fn(user: *mut c_void, size: usize, alignment: usize) -> *mut c_void>,
    /// Takes back what `allocate` gave, with the same numbers.
    pub release:
        Option<unsafe extern "C" fn(user: *mut c_void, data: *mut c_void, size: usize, alignment: usize)>,
    /// Handed to both.
    pub user: *mut c_void,
}

published_up_to!(Allocator, user);

/// A clock a host brings along. Both functions are called often, from any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostClock {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Nanoseconds since a moment that does not change; never shrinks. Deadlines and elapsed times go by it.
    pub monotonic: Option<unsafe extern "C" fn(user: *mut c_void) -> u64>,
    /// Nanoseconds since the beginning of 1970, UTC. Receipts tell it.
    pub wall: Option<unsafe extern "C" fn(user: *mut c_void) -> u64>,
    /// Handed to both.
    pub user: *mut c_void,
}

published_up_to!(HostClock, user);

// SAFETY: the header says that its functions are called from any thread.
unsafe impl Send for HostClock {}
// SAFETY: as above.
unsafe impl Sync for HostClock {}

static CLOCK: OnceLock<HostClock> = OnceLock::new();

fn told(function: impl Fn(&HostClock) -> Option<unsafe extern "C" fn(user: *mut c_void) -> u64>) -> Duration {
    let clock = CLOCK.get();
    let function = clock.and_then(|clock| Some((function(clock)?, clock.user)));
    // SAFETY: the host's function, called as the header says.
    function.map_or(Duration::ZERO, |(function, user)| Duration::from_nanos(unsafe { function(user) }))
}

fn monotonic() -> Duration {
    told(|clock| clock.monotonic)
}

fn wall() -> Duration {
    told(|clock| clock.wall)
}

/// Uses the host's clock in the whole process, once and for ever. Waiting itself takes real time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_set_clock(clock: *const HostClock, error: *mut *mut Error) -> Status {
    guard(error, || {
        let clock = read_struct(clock, "clock")?;
        if clock.monotonic.is_none() || clock.wall.is_none() {
            return Err(Error::misuse("a clock has both functions"));
        }
        let is_new = CLOCK.set(clock).is_ok() && Clock { monotonic, wall }.install();
        if is_new { Ok(Status::Ok) } else { Err(Error::misuse("there is a clock already")) }
    })
}

/// The allocator of this library: the system's, or the host's.
struct Hooked {
    host: AtomicPtr<Allocator>,
    /// Something was allocated by the system, so that it is too late for another.
    is_used: AtomicBool,
}

#[global_allocator]
static ALLOCATOR: Hooked = Hooked { host: AtomicPtr::new(ptr::null_mut()), is_used: AtomicBool::new(false) };

/// Where the host's allocator is kept: on no heap.
static HOST: OnceLock<HostAllocator> = OnceLock::new();

struct HostAllocator(Allocator);

// SAFETY: the header says that its functions are called from any thread.
unsafe impl Send for HostAllocator {}
// SAFETY: as above.
unsafe impl Sync for HostAllocator {}

impl Hooked {
    fn host(&self) -> Option<&Allocator> {
        // SAFETY: NULL, or a static that is never changed.
        unsafe { self.host.load(Ordering::Acquire).as_ref() }
    }
}

// SAFETY: both allocators give memory as they are asked for, and what was allocated by one never meets the other: the
// host's comes before anything was allocated, or not at all.
unsafe impl GlobalAlloc for Hooked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.host() {
            Some(Allocator { allocate: Some(allocate), user, .. }) => {
                // SAFETY: the host's function, called as the header says.
                unsafe { allocate(*user, layout.size(), layout.align()).cast() }
            }
            _ => {
                if !self.is_used.load(Ordering::Relaxed) {
                    self.is_used.store(true, Ordering::Relaxed);
                }
                // SAFETY: passed through.
                unsafe { System.alloc(layout) }
            }
        }
    }

    unsafe fn dealloc(&self, data: *mut u8, layout: Layout) {
        match self.host() {
            Some(Allocator { release: Some(release), user, .. }) => {
                // SAFETY: the host's function, called as the header says.
                unsafe { release(*user, data.cast(), layout.size(), layout.align()) }
            }
            // SAFETY: passed through.
            _ => unsafe { System.dealloc(data, layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if self.host().is_none() {
            self.is_used.store(true, Ordering::Relaxed);
            // SAFETY: passed through; the system knows pages that are zero already.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as the caller demands; what was given is as long as asked for.
        unsafe {
            let data = self.alloc(layout);
            if !data.is_null() {
                data.write_bytes(0, layout.size());
            }
            data
        }
    }

    unsafe fn realloc(&self, data: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if self.host().is_none() {
            // SAFETY: passed through.
            return unsafe { System.realloc(data, layout, size) };
        }
        // SAFETY: the caller promises a size that fits the alignment; the old block is given up only when there is a
        // new one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(data, size.min(layout.size()));
                self.dealloc(data, layout);
            }
            new
        }
    }
}

/// Has the host's allocator give this library its memory, once and for ever. Call it before any other function of this
/// library: later is misuse. Plugins in this process and the C libraries inside them go on with the system's.
///
/// An allocation that fails aborts the process, as everywhere in Rust, unless its size came from a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_set_allocator(allocator: *const Allocator) -> Status {
    // Nothing here may allocate before the host's allocator is in its place, not even an error.
    if allocator.is_null() || ALLOCATOR.is_used.load(Ordering::Relaxed) || HOST.get().is_some() {
        return Status::Misuse;
    }
    // SAFETY: not NULL, and every struct begins with its size.
    let size = unsafe { allocator.cast::<usize>().read() };
    if size != size_of::<Allocator>() {
        return Status::Misuse;
    }
    // SAFETY: as long as it says.
    let given = unsafe { *allocator };
    if given.allocate.is_none() || given.release.is_none() {
        return Status::Misuse;
    }
    let kept = HOST.get_or_init(|| HostAllocator(given));
    ALLOCATOR.host.store(ptr::from_ref(&kept.0).cast_mut(), Ordering::Release);
    Status::Ok
}
