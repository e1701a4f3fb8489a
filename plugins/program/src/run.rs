//! One run: the output read on a thread of its own, and the watch over the process.

use crate::{Program, cage};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How often the watch asks whether to go on.
const TICK: Duration = Duration::from_millis(20);
/// Bytes read from the process at one go.
const BLOCK: usize = 64 * 1024;
/// What is kept of its messages.
const MESSAGES: usize = 64 * 1024;

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    /// All of standard output.
    pub output: Vec<u8>,
    /// The start of standard error.
    pub messages: String,
    /// The program said all went well, or gave enough.
    pub success: bool,
}

impl Program<'_> {
    /// Runs the program on an input that arrives as its standard input. `enough` looks at the output as it grows:
    /// `true` ends the run early, an error ends it in failure.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`time`, `memory`); `cancelled`; `timeout`; `io`; `backend_missing`; whatever `enough`
    /// answers.
    pub fn run<A: AsRef<str>>(
        &self,
        step: &Step<'_>,
        arguments: &[A],
        input: &[u8],
        enough: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<Outcome> {
        self.run_with(
            step,
            |_| arguments.iter().map(|one| one.as_ref().to_owned()).collect(),
            input,
            None,
            enough,
        )
    }

    /// As [`run`](Self::run), with something beside the input that nobody else is to see, as a password: `arguments`
    /// are made of the path under which the program, and no other, can read it.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_with(
        &self,
        step: &Step<'_>,
        arguments: impl FnOnce(&str) -> Vec<String>,
        input: &[u8],
        secret: Option<&[u8]>,
        mut enough: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<Outcome> {
        let secret = secret.map(cage::hold).transpose()?;
        let arguments = arguments(&secret.as_ref().map(cage::place_of).unwrap_or_default());
        let mut child = self.start(step, &arguments, input, secret.as_ref())?;
        let messages = child.stderr.take().map(|pipe| std::thread::spawn(move || read_messages(pipe)));
        let blocks = child.stdout.take().map(read_blocks).transpose()?;
        let watched = match &blocks {
            Some(blocks) => self.watch(step, blocks, &mut enough),
            None => Err(Error::new(ErrorKind::Internal, format!("no pipe to {}", self.name))),
        };
        // Whatever happened, nothing of it runs on; when it has ended already this does nothing.
        if !matches!(watched, Ok((_, false))) {
            let _ = child.kill();
        }
        drop(blocks);
        let status = child.wait()?;
        let messages = messages.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let (output, ended_early) = watched?;
        Ok(Outcome { output, messages, success: ended_early || status.success() })
    }

    fn start(
        &self,
        step: &Step<'_>,
        arguments: &[String],
        input: &[u8],
        secret: Option<&File>,
    ) -> Result<Child> {
        let mut command = Command::new(self.path);
        command.args(arguments).current_dir("/");
        command.env_clear().env("LC_ALL", "C").envs(self.environment.iter().copied());
        command.stdin(cage::hold(input)?).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(secret) = secret {
            cage::lend(&mut command, secret);
        }
        let memory = step.limits().memory.saturating_add(self.own_memory);
        cage::confine(&mut command, memory, self.own_files, self.whole);
        command.spawn().map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let kind = if missing { ErrorKind::BackendMissing } else { ErrorKind::Io };
            Error::new(kind, format!("{} cannot be started: {error}", self.name))
        })
    }

    /// Collects the output until it ends (false) or is enough (true).
    fn watch(
        &self,
        step: &Step<'_>,
        blocks: &Receiver<Vec<u8>>,
        enough: &mut impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<(Vec<u8>, bool)> {
        let start = Instant::now();
        let mut last = start;
        let mut output = Vec::new();
        loop {
            step.tick(0, 0)?;
            match blocks.recv_timeout(TICK) {
                Ok(block) => {
                    last = Instant::now();
                    step.within("memory", (output.len() + block.len()) as u64, step.limits().memory)?;
                    output.extend(block);
                    if enough(&output)? {
                        return Ok((output, true));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok((output, false)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if last.elapsed() > self.silence || start.elapsed() > self.whole {
                let allowed = format!("{} seconds without a result", self.silence.as_secs());
                return Err(Error::limit("time", "longer", allowed));
            }
        }
    }
}

fn read_messages(mut pipe: impl Read) -> String {
    let mut kept = Vec::new();
    let _ = pipe.by_ref().take(MESSAGES as u64).read_to_end(&mut kept);
    // The rest is read and dropped, so that the program does not wait for a reader.
    let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

/// Reads standard output on a thread of its own, a few blocks ahead.
fn read_blocks(mut pipe: impl Read + Send + 'static) -> Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = sync_channel(16);
    let read = move || {
        let mut block = vec![0; BLOCK];
        while let Ok(count @ 1..) = pipe.read(&mut block) {
            let Some(part) = block.get(..count) else { return };
            if sender.send(part.to_vec()).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("program".into()).spawn(read)?;
    Ok(receiver)
}
