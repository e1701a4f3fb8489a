//! Bars on the terminal for work that takes a while.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs `work` with a bar on the terminal that follows the progress, from 0 to 1; without one when there is no
/// terminal, and for work that ends within a moment.
pub(crate) fn with_bar<T>(
    json: bool,
    input: &Path,
    progress: &(dyn Fn() -> f64 + Sync),
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
            let bar = ProgressBar::new(1000).with_message(formwork::clean(&input.display().to_string()));
            let style = ProgressStyle::with_template("{msg} {bar:40} {percent}%  {elapsed}");
            let bar = if let Ok(style) = style { bar.with_style(style) } else { bar };
            while !done.load(Ordering::Relaxed) {
                bar.set_position((progress() * 1000.0) as u64);
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
