//! The races' inputs, made on this machine: a photo, a tree of files, and archives of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use formwork_tests::{Result, place};

/// Where everything lies, in memory: disks differ, and are not what is raced.
const FOLDER: &str = "/dev/shm/formwork-race";
/// What the tree is taken from, and how many bytes of each.
const TREE: &[(&str, u64)] = &[("/usr/share", 150 << 20), ("/usr/lib", 215 << 20)];
const SMALL_TREE: &[(&str, u64)] = &[("/usr/share", 40 << 20), ("/usr/lib", 54 << 20)];
/// Files above this are left out, so that no single one decides.
const BIGGEST: u64 = 12 << 20;

/// Paths of all inputs.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    pub(super) folder: PathBuf,
    pub(super) jpeg: PathBuf,
    pub(super) png: PathBuf,
    pub(super) tree: PathBuf,
    pub(super) small_tree: PathBuf,
    pub(super) tar: PathBuf,
    pub(super) tgz: PathBuf,
    pub(super) zip: PathBuf,
    pub(super) small_zip: PathBuf,
    pub(super) seven: PathBuf,
    pub(super) tiny: PathBuf,
    /// A second of sound, four minutes of it, 30 seconds of film, and 150 MB of film.
    pub(super) second: PathBuf,
    pub(super) song: PathBuf,
    pub(super) film: PathBuf,
    pub(super) long_film: PathBuf,
}

impl Inputs {
    /// Makes what is missing; what an earlier race left is used again.
    pub(super) fn make() -> Result<Inputs> {
        let folder = PathBuf::from(FOLDER);
        let at = |name: &str| folder.join(name);
        let inputs = Inputs {
            jpeg: at("photo.jpg"),
            png: at("photo.png"),
            tree: at("tree"),
            small_tree: at("small"),
            tar: at("tree.tar"),
            tgz: at("tree.tgz"),
            zip: at("tree.zip"),
            small_zip: at("small.zip"),
            seven: at("small.7z"),
            tiny: at("tiny.png"),
            second: at("second.wav"),
            song: at("song.wav"),
            film: at("film.mp4"),
            long_film: at("long.mp4"),
            folder,
        };
        fs::create_dir_all(&inputs.folder)?;
        inputs.make_photo()?;
        if !inputs.tiny.is_file() {
            fs::write(&inputs.tiny, formwork_tests::made::png(100, 100))?;
        }
        make_tree(&inputs.tree, TREE)?;
        make_tree(&inputs.small_tree, SMALL_TREE)?;
        inputs.pack(&inputs.tar, "tar -cf tree.tar tree")?;
        inputs.pack(&inputs.tgz, "tar -cf - tree | gzip > tree.tgz")?;
        inputs.pack(&inputs.zip, "zip -qr tree.zip tree")?;
        inputs.pack(&inputs.small_zip, "zip -qr small.zip small")?;
        inputs.pack(&inputs.seven, "7zz a -bso0 -bsp0 -mx5 small.7z small")?;
        inputs.make_films()?;
        Ok(inputs)
    }

    /// Sound and film out of one film of the corpus, by FFmpeg.
    fn make_films(&self) -> Result<()> {
        let corpus = place::corpus().ok_or("films are made from one of the corpus (set FORMWORK_CORPUS)")?;
        let source = corpus.join("video/big-buck-bunny-480p-30s--video.mp4").display().to_string();
        let again = |line: &str| format!("ffmpeg -v error -stream_loop -1 -i {source} {line}");
        let sound = "-vn -ar 44100 -ac 2 -c:a pcm_s16le";
        self.pack(&self.second, &again(&format!("-t 1 {sound} second.wav")))?;
        self.pack(&self.song, &again(&format!("-t 240 {sound} song.wav")))?;
        let picture = "-vf scale=1280:720 -c:v libx264 -preset fast";
        self.pack(&self.film, &again(&format!("-t 30 {picture} -crf 20 -c:a copy film.mp4")))?;
        self.pack(&self.long_film, &again("-fs 150M -c copy long.mp4"))
    }

    fn make_photo(&self) -> Result<()> {
        if self.jpeg.is_file() && self.png.is_file() {
            return Ok(());
        }
        let corpus =
            place::corpus().ok_or("the photo is made from one of the corpus (set FORMWORK_CORPUS)")?;
        let python = place::judge_python().ok_or("run ./setup --check-tools first")?;
        let script = place::root().join("xtask/src/race/photo.py");
        let source = corpus.join("image/twelvemonkeys--Portrait_7.jpg");
        let done = Command::new(python).arg(script).arg(source).arg(&self.jpeg).arg(&self.png).status()?;
        if done.success() { Ok(()) } else { Err("the photo could not be made".into()) }
    }

    fn pack(&self, target: &Path, line: &str) -> Result<()> {
        if target.is_file() {
            return Ok(());
        }
        let done = Command::new("sh").args(["-c", line]).current_dir(&self.folder).status()?;
        if done.success() { Ok(()) } else { Err(format!("failed: {line}").into()) }
    }
}

/// Copies files in the order of their paths until there are enough bytes of each source.
fn make_tree(target: &Path, sources: &[(&str, u64)]) -> Result<()> {
    if target.is_dir() {
        return Ok(());
    }
    let unfinished = target.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    for (source, most) in sources {
        let mut left = *most;
        let into = unfinished.join(source.trim_start_matches('/'));
        copy_some(Path::new(source), &into, &mut left)?;
    }
    Ok(fs::rename(unfinished, target)?)
}

fn copy_some(from: &Path, into: &Path, left: &mut u64) -> Result<()> {
    let mut entries = fs::read_dir(from)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let facts = entry.metadata()?;
        let target = into.join(entry.file_name());
        if facts.is_dir() {
            copy_some(&entry.path(), &target, left)?;
        } else if facts.is_file() && facts.len() <= BIGGEST && facts.len() <= *left {
            fs::create_dir_all(into)?;
            *left -= fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
