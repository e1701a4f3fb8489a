//! Bars on the terminal for work that takes a while.

use formwork::run::Control;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How far work is, from 0 to 1, and how long the rest will take.
pub(crate) type Seen = (f64, Option<Duration>);

/// Sees how far the work of a control is that began `start`.
pub(crate) fn of_control(control: &Control, start: Instant) -> Seen {
    (control.progress(), control.left(start.elapsed()))
}

/// Runs `work` with a bar on the terminal that follows what is seen of it; without one when there is no terminal, and for
/// work that ends within a moment.
pub(crate) fn with_bar<T>(
    json: bool,
    input: &Path,
    seen: &(dyn Fn() -> Seen + Sync),
    work: impl FnOnce() -> T,
) -> T {
    if json || !std::io::stderr().is_terminal() {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            std::thread::park_timeout(PATIENCE);
            if done.load(Ordering::Relaxed) {
                return;
            }
            let name = formwork::clean(&input.display().to_string());
            let bar = ProgressBar::new(1000).with_prefix(name);
            let style = ProgressStyle::with_template("{prefix} {bar:40} {percent}%  {elapsed}{msg}");
            let bar = if let Ok(style) = style { bar.with_style(style) } else { bar };
            while !done.load(Ordering::Relaxed) {
                let (done, left) = seen();
                bar.set_position((done * 1000.0) as u64);
                bar.set_message(left.map_or(String::new(), |left| format!("  {} left", HumanDuration(left))));
                std::thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        watcher.thread().unpark();
        result
    })
}

/// Work that ends within this time shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar of whole files, on a terminal only.
pub(crate) fn batch_bar(length: usize, json: bool) -> ProgressBar {
    let hidden = json || !std::io::stderr().is_terminal();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {eta} left");
    let bar = ProgressBar::with_draw_target(Some(length as u64), target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
