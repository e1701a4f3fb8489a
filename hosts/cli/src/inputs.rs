//! What the words of a command line stand for: files, folders, patterns, standard input and output.

use crate::args::Transfer;
use formwork::{Engine, Error, Result};
use std::path::{Path, PathBuf};

/// One input and where its result goes.
#[derive(Clone, Debug)]
pub(crate) struct Transferred {
    /// A file, a folder, or `-`.
    pub(crate) input: PathBuf,
    /// A file, a folder, or `-`.
    pub(crate) output: PathBuf,
}

/// Inputs, outputs and the target format of one command line.
#[derive(Debug)]
pub(crate) struct Request {
    /// Inputs as given, patterns expanded, folders not.
    pub(crate) inputs: Vec<PathBuf>,
    /// The output as given; `None` puts each result beside its input.
    pub(crate) output: Option<PathBuf>,
    /// Id of the target format; `None` when nothing says it.
    pub(crate) target: Option<String>,
}

/// Whether a word stands for standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Sorts out which words are inputs, which is the output, and what the target is.
pub(crate) fn read(engine: &Engine, args: &Transfer, output_is_folder: bool) -> Result<Request> {
    let mut words = args.paths.clone();
    let mut output = args.output.clone();
    if output.is_none() && words.len() > 1 {
        let last_is_output = match &args.to {
            None => true,
            Some(target) => may_be_output(engine, &words, engine.registry().require_format(target)?.id),
        };
        output = words.pop_if(|_| last_is_output);
    }
    let target = match (&args.to, &output) {
        (Some(name), _) => Some(engine.registry().require_format(name)?.id.to_owned()),
        (None, Some(path))
            if !output_is_folder && !is_standard(path) && !path.is_dir() && !ends_in_slash(path) =>
        {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Some(engine.format_of_name(&name)?.to_owned())
        }
        _ => None,
    };
    let mut inputs = Vec::new();
    for word in words {
        inputs.extend(expand(word)?);
    }
    Ok(Request { inputs, output, target })
}

/// Whether the last word can be the output although `--to` says what results become: it is no file yet, or a file
/// that is named like the target as the others are not.
fn may_be_output(engine: &Engine, words: &[PathBuf], target: &str) -> bool {
    let Some((last, others)) = words.split_last() else { return false };
    let is_target = |word: &PathBuf| {
        let name = word.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        engine.format_of_name(&name).is_ok_and(|format| format == target)
    };
    let named_apart = is_target(last) && !others.iter().any(is_target);
    is_standard(last) || last.is_dir() || !last.exists() || named_apart
}

pub(crate) fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Expands a pattern the shell left alone; a file of that very name wins.
fn expand(word: PathBuf) -> Result<Vec<PathBuf>> {
    let text = word.to_string_lossy().into_owned();
    if word.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![word]);
    }
    let paths =
        glob::glob(&text).map_err(|error| Error::invalid(format!("`{text}` is no pattern: {error}")))?;
    let found: Vec<PathBuf> = paths.filter_map(std::result::Result::ok).collect();
    if found.is_empty() {
        return Err(Error::io("no file fits this pattern", &std::io::ErrorKind::NotFound.into())
            .with_context("input", text));
    }
    Ok(found)
}

/// The same paths with the files in them in place of folders.
pub(crate) fn with_files_of_folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_below(path)?.into_iter().map(|file| path.join(file)));
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Lists the files below a folder, with their paths relative to it.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| {
        Error::io("cannot list", &error).with_context("input", folder.display().to_string())
    };
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(folder.join(&relative))
            .map_err(failed)?
            .collect::<std::io::Result<_>>()
            .map_err(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = relative.join(entry.file_name());
            match entry.file_type().map_err(failed)? {
                kind if kind.is_dir() => open.push(path),
                kind if kind.is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}
