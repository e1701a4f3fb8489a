//! `convert` and every other operation that reads `IN… OUT`.

use crate::args::Transfer;
use crate::inputs::{self, Transferred};
use crate::receipts::{self, Book};
use crate::{exit, progress, setup, show};
use formwork::deliver::{Placement, Receipt, canonical};
use formwork::describe::Capability;
use formwork::detect::detect;
use formwork::formats::Family;
use formwork::job::{Job, Operation};
use formwork::run::{CancelToken, Control, Work};
use formwork::{Engine, Error, ErrorKind, Result};
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The operation that joins inputs.
const MERGE: &str = "merge";

/// Runs one operation on everything the command line names.
pub(crate) fn run(args: &Transfer, operation: &str) -> Result<u8> {
    let mut session = Session::prepare(args, operation)?;
    let cancel = CancelToken::default();
    setup::stop_on_interrupt(&session.engine, &cancel);
    let code = session.run(&cancel)?;
    session.book.close()?;
    Ok(code)
}

/// Everything one call of the command line needs.
struct Session<'a> {
    engine: Engine,
    args: &'a Transfer,
    request: inputs::Request,
    work: Work,
    /// What the results are packed into, or joined to, when they are.
    pack: Option<Work>,
    /// All inputs go into one task.
    gathers: bool,
    book: Book,
}

impl<'a> Session<'a> {
    fn prepare(args: &'a Transfer, operation: &str) -> Result<Self> {
        let threads = setup::processors() as u32;
        let book = Book::open(args.keep.receipt.as_deref(), args.force)?;
        let hashes = args.how.json || book.is_kept();
        let how = &args.how;
        let engine = setup::keeping_engine(
            &how.limit,
            threads,
            hashes,
            how.isolation,
            &args.keep,
            &args.preset.presets,
        )?;
        let finds = |operation: &str| {
            let mut cells = engine.matrix().cells();
            cells.any(|cell| cell.capability.operation == operation && cell.capability.to.is_empty())
        };
        let request = inputs::read(&engine, args, finds(operation))?;
        if request.inputs.is_empty() {
            return Err(Error::invalid("there is no input").with_hint("formwork convert IN… OUT"));
        }
        let target = request.target.as_deref().and_then(|id| engine.registry().format(id));
        // A folder, or several files, for an archive: packed, not converted one by one.
        let packs = target.is_some_and(|format| format.family == Family::Archive)
            && operation == "convert"
            && (request.inputs.len() > 1 && args.output.is_none()
                || request.inputs.iter().any(|path| path.is_dir()));
        let joined = joined(&engine, args, &request).filter(|_| operation == "convert");
        // What is of the format already goes in as it is.
        let is_there = |format: &&String| request.inputs.iter().any(|path| is_of(path, format));
        let operation = match joined.filter(is_there) {
            _ if packs => "archive",
            Some(_) => MERGE,
            None => operation,
        };
        let matrix = engine.matrix();
        let pack = pack(&engine, args, &request)?.or_else(|| {
            joined.filter(|_| operation != MERGE).map(|target| Work {
                operation: MERGE.into(),
                output_format: Some(target.clone()),
                ..Work::default()
            })
        });
        let gathers = packs
            || pack.is_some()
            || request.inputs.len() > 1 && matrix.takes_companions(operation)
            || matrix
                .cells()
                .any(|cell| cell.capability.operation == operation && cell.capability.many_inputs);
        let work = Work {
            operation: operation.to_owned(),
            output_format: request.target.clone(),
            options: setup::options(&args.how)?,
            preset: args.preset.preset.clone(),
            wishes: setup::wishes(&args.how)?,
        };
        setup::check_preset(&engine, &work)?;
        Ok(Session { engine, args, request, work, pack, gathers, book })
    }

    fn run(&mut self, cancel: &CancelToken) -> Result<u8> {
        if self.gathers {
            let outcome = self.gather(cancel);
            return self.tell(&self.args.paths[0], outcome, cancel);
        }
        let transfers = self.transfers()?;
        match transfers.as_slice() {
            [only] => {
                let outcome = self.transfer(only, cancel);
                self.tell(&only.input, outcome, cancel)
            }
            many => self.batch(many, cancel),
        }
    }

    /// Pairs every input with its output; folders give one pair for each file in them.
    fn transfers(&mut self) -> Result<Vec<Transferred>> {
        let writes_tree = self.work.output_format.is_none() && self.work.operation != "convert";
        if self.work.output_format.is_none() && self.work.operation == "convert" {
            return Err(
                Error::invalid("nothing says which format is wanted").with_hint("name it with --to FORMAT")
            );
        }
        let several = self.request.inputs.len() > 1 || self.request.inputs.iter().any(|path| path.is_dir());
        let mut transfers = Vec::new();
        for input in &self.request.inputs {
            if input.is_dir() {
                for file in inputs::files_below(input)? {
                    let folder = self.request.output.clone().unwrap_or_else(|| input.clone());
                    let output = folder.join(file.parent().unwrap_or(Path::new(""))).join("");
                    transfers.push(Transferred { input: input.join(&file), output });
                }
                continue;
            }
            let beside = || input.parent().unwrap_or(Path::new("")).join("");
            let beside = || if inputs::is_standard(input) { PathBuf::from("-") } else { dot(beside()) };
            let output = match &self.request.output {
                Some(output) if inputs::is_standard(output) => output.clone(),
                Some(output) if several || writes_tree || self.args.output.is_some() => output.join(""),
                Some(output) => output.clone(),
                None => beside(),
            };
            transfers.push(Transferred { input: input.clone(), output });
        }
        if transfers.is_empty() {
            return Err(Error::invalid("the folder holds no files"));
        }
        Ok(transfers)
    }

    fn transfer(&self, transfer: &Transferred, cancel: &CancelToken) -> Result<Receipt> {
        let control = Control::new(cancel.child(), None);
        let input = import(&transfer.input, &self.engine)?;
        let work = || self.finish(vec![input], &transfer.output, &control, setup::processors());
        let (begun, json) = (Instant::now(), self.args.how.json);
        progress::with_bar(json, &transfer.input, &|| progress::of_control(&control, begun), work)
    }

    fn gather(&self, cancel: &CancelToken) -> Result<Receipt> {
        let control = Control::new(cancel.child(), None);
        let mut paths = self.request.inputs.clone();
        if self.pack.is_some() {
            paths = inputs::with_files_of_folders(&paths)?;
        }
        let inputs = paths.iter().map(|path| import(path, &self.engine)).collect::<Result<Vec<_>>>()?;
        // A folder, unless its name says the format.
        let folder = self.args.output.is_some() && self.args.to.is_some();
        let output = match &self.request.output {
            Some(output) if folder && !inputs::is_standard(output) => output.join(""),
            Some(output) => output.clone(),
            None => "-".into(),
        };
        let work = || self.finish(inputs, &output, &control, setup::processors());
        let (begun, json) = (Instant::now(), self.args.how.json);
        progress::with_bar(json, &output, &|| progress::of_control(&control, begun), work)
    }

    /// Runs the job and delivers: to a place on disk, or to standard output.
    fn finish(
        &self,
        inputs: Vec<Operation>,
        output: &Path,
        control: &Control,
        threads: usize,
    ) -> Result<Receipt> {
        let threads = u32::try_from(threads).unwrap_or(1);
        let to_stdout = inputs::is_standard(output);
        let place = Placement { path: output.to_owned(), overwrite: self.args.force, durable: true };
        let export = if to_stdout { Operation::ExportBytes } else { Operation::ExportPath(place) };
        let works = [Some(self.work.clone()), self.pack.clone()].into_iter().flatten().collect();
        let report = self.engine.run_on(&Job::in_turn(inputs, works, export)?, control, threads);
        if let Some(error) = report.error() {
            return Err(error.clone());
        }
        for item in report.exported.iter().flat_map(|(_, items)| items).filter(|item| item.is_file()) {
            let written = item.copy_to(&mut std::io::stdout().lock());
            written.map_err(|error| Error::io("standard output", &error))?;
        }
        let mut receipt = if self.pack.is_some() {
            receipts::joined(report.receipts().cloned())
        } else {
            report.receipts().next().cloned().unwrap_or_default()
        };
        if to_stdout {
            receipt.outputs.iter_mut().for_each(|record| record.path = Some("-".into()));
        }
        Ok(receipt)
    }

    /// Converts many, several at once; one failure does not stop the others.
    fn batch(&self, transfers: &[Transferred], cancel: &CancelToken) -> Result<u8> {
        let workers = self.args.jobs.unwrap_or_else(setup::processors).clamp(1, transfers.len());
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let output = Mutex::new(());
        let bar = progress::batch_bar(transfers.len(), self.args.how.json);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(transfer) = transfers.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome =
                            self.quiet_transfer(transfer, cancel, (setup::processors() / workers).max(1));
                        let _one_at_a_time = output.lock();
                        bar.suspend(|| self.tell_one(&transfer.input, &outcome, cancel));
                        bar.inc(1);
                        failed.fetch_add(usize::from(outcome.is_err()), Ordering::Relaxed);
                    }
                });
            }
        });
        bar.finish_and_clear();
        let failed = failed.into_inner();
        if !self.args.how.json {
            let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            show::aside(&format!("{} of {} done{failures}", transfers.len() - failed, transfers.len()));
        }
        Ok(match (cancel.is_cancelled(), failed) {
            (true, _) => exit::INTERRUPTED,
            (_, 0) => exit::OK,
            _ => exit::SOME_FAILED,
        })
    }

    fn quiet_transfer(
        &self,
        transfer: &Transferred,
        cancel: &CancelToken,
        threads: usize,
    ) -> Result<Receipt> {
        let control = Control::new(cancel.child(), None);
        control.check()?;
        if let Some(folder) = Some(&transfer.output).filter(|path| inputs::ends_in_slash(path)) {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::io("cannot create the folder", &error)
                    .with_context("output", folder.display().to_string())
            })?;
        }
        self.finish(vec![import(&transfer.input, &self.engine)?], &transfer.output, &control, threads)
    }

    fn tell(&self, input: &Path, outcome: Result<Receipt>, cancel: &CancelToken) -> Result<u8> {
        self.tell_one(input, &outcome, cancel);
        Ok(match outcome {
            Ok(_) => exit::OK,
            Err(_) if cancel.is_cancelled() => exit::INTERRUPTED,
            Err(error) => exit::code(&error),
        })
    }

    fn tell_one(&self, input: &Path, outcome: &Result<Receipt>, cancel: &CancelToken) {
        // With the result on standard output, the receipt has to stand aside.
        let aside = self.request.output.as_deref().is_some_and(inputs::is_standard);
        let print = |json: serde_json::Value| {
            let text = canonical(&json);
            if aside { show::aside(&text) } else { show::line(&text) }
        };
        if let Ok(receipt) = outcome {
            self.book.note(receipt);
        }
        match outcome {
            Ok(receipt) if self.args.how.json => print(show::success_json(receipt)),
            Ok(receipt) => show::receipt(receipt, aside && !std::io::stderr().is_terminal()),
            Err(error) if self.args.how.json => {
                print(show::failure_json(&input.display().to_string(), error))
            }
            Err(_) if cancel.is_cancelled() => show::aside("interrupted; nothing was left behind"),
            Err(error) => {
                show::error(&error.clone().with_context("input", input.display().to_string()));
            }
        }
    }
}

fn dot(path: PathBuf) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from("./") } else { path }
}

/// The packing of results whose format `--to` says into an archive whose format the output's name says.
fn pack(engine: &Engine, args: &Transfer, request: &inputs::Request) -> Result<Option<Work>> {
    let archive =
        |id: &str| engine.registry().format(id).is_some_and(|format| format.family == Family::Archive);
    let (Some(target), Some(output), None) = (&args.to, &request.output, &args.output) else {
        return Ok(None);
    };
    let name = output.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let named = engine.format_of_name(&name).ok().filter(|id| archive(id) && !output.is_dir());
    let is_packed = archive(engine.registry().require_format(target)?.id);
    Ok(named.filter(|_| !is_packed).map(|id| Work {
        operation: "archive".into(),
        output_format: Some(id.to_owned()),
        ..Work::default()
    }))
}

/// The format that many inputs are to become one file of: one into which others can be merged.
fn joined<'r>(engine: &Engine, args: &Transfer, request: &'r inputs::Request) -> Option<&'r String> {
    let (None, None, Some(output)) = (&args.to, &args.output, &request.output) else { return None };
    let is_one_file = !output.is_dir() && !inputs::ends_in_slash(output) && !inputs::is_standard(output);
    let target = request.target.as_ref().filter(|_| is_one_file && request.inputs.len() > 1)?;
    let mut cells = engine.matrix().cells().map(|cell| cell.capability);
    let merges = |cell: &Capability| cell.companions.contains(target) && cell.to.contains(target);
    cells.any(|cell| cell.operation == MERGE && merges(cell)).then_some(target)
}

/// Whether a file is of a format by its bytes.
fn is_of(path: &Path, format: &str) -> bool {
    let found = File::open(path).ok().and_then(|file| detect(&file, None).ok().flatten());
    found.is_some_and(|found| found.format.id == format)
}

/// The import task for a path; standard input is read into memory under the limit.
fn import(path: &Path, engine: &Engine) -> Result<Operation> {
    if !inputs::is_standard(path) {
        return Ok(Operation::ImportPath { path: path.to_owned() });
    }
    let most = engine.limits().memory;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Error::io("cannot read standard input", &error).with_context("input", "-"))?;
    if bytes.len() as u64 > most {
        let mut error =
            Error::new(ErrorKind::LimitExceeded, format!("standard input has more than {most} bytes"));
        error.limit = Some("memory".into());
        return Err(error.with_hint("use a file, or raise the limit `memory`"));
    }
    Ok(Operation::ImportBytes { name: "stdin".into(), bytes: std::sync::Arc::new(bytes) })
}
