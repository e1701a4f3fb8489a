//! The targets of a plugin, made of what it says of itself: one for each format it reads, writes or optimises.

use crate::container::{self, Load};
use crate::dice::{Dice, noise};
use crate::{Target, judge, picture, whole};
use formwork_sdk::testing::{Entry, Job, Outcome, describe};
use formwork_sdk::{Capability, Description, Value, formats};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// The format that pictures have inside a job.
const RASTER: &str = "raster";
/// The format of sound that a plugin makes which does not write others.
const SOUND: &str = "wav";
/// The formats of what is set on pages, or is made to be.
const PAGES: &[&str] = &["pdf", "html"];
/// Pixels of a picture that is written: a codec's slowest setting has to end.
const WRITTEN_PIXELS: u64 = 1 << 14;
/// Width and height of such a picture.
const WRITTEN_SIDE: u64 = 512;
/// Bytes from which choices for one input are made.
const CHOICES: usize = 300;

/// Files the whole engine starts from.
const SEEDS: u32 = 12;

/// A plugin under test.
struct Plugin {
    entry: Entry,
    description: Description,
}

/// What a plugin was asked to write, and how it ended.
struct Written {
    outcome: Outcome,
    /// The options it had.
    options: Vec<(String, Value)>,
    /// What went in, for archives.
    load: Option<Load>,
}

/// The targets of a plugin, as in `archive_read/zip`.
pub fn targets(entry: Entry) -> Vec<Target> {
    let plugin = Arc::new(Plugin { entry, description: describe(entry) });
    let family = plugin.description.id.split('.').next().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for format in plugin.formats(|capability| capability.is_entrance(), |capability| &capability.from) {
        let name = format!("{family}_read/{format}");
        let (reader, seeder, id) = (plugin.clone(), plugin.clone(), format.clone());
        all.push(Target::new(name, move |data| reader.read(&format, data)).seeded(move || seeder.files(&id)));
    }
    for format in plugin.formats(|capability| capability.is_exit(), |capability| &capability.to) {
        let (name, writer) = (format!("{family}_write/{format}"), plugin.clone());
        all.push(
            Target::new(name, move |data| writer.write_and_read(&format, data)).seeded(|| noise(12, CHOICES)),
        );
    }
    for format in
        plugin.formats(|capability| capability.operation == "optimize", |capability| &capability.from)
    {
        let name = format!("{family}_optimize/{format}");
        let (worker, seeder, id) = (plugin.clone(), plugin.clone(), format.clone());
        all.push(
            Target::new(name, move |data| worker.optimise(&format, data)).seeded(move || seeder.files(&id)),
        );
    }
    let (worker, seeder) = (OnceLock::new(), plugin.clone());
    let name = format!("{family}_engine/{}", plugin.description.id);
    let convert = move |data: &[u8]| {
        whole::convert(worker.get_or_init(|| whole::engine(Some(entry))), data);
    };
    all.push(Target::new(name, convert).seeded(move || seeder.some_of_each()));
    all
}

/// Which capabilities are the ways in and out.
trait Role {
    /// It turns a file into what the family works on.
    fn is_entrance(&self) -> bool;
    /// It makes a file of what the family works on.
    fn is_exit(&self) -> bool;
}

impl Role for Capability {
    fn is_entrance(&self) -> bool {
        let (operation, to) = (self.operation.as_str(), &self.to);
        let decodes = to.iter().any(|to| to == RASTER || to == SOUND);
        let is_page = |id: &String| PAGES.contains(&id.as_str());
        let sets = to.iter().any(is_page) && !self.from.iter().any(|from| from == RASTER || from == "pdf");
        operation == "extract" || operation == "convert" && (decodes || sets)
    }

    fn is_exit(&self) -> bool {
        let (operation, from) = (self.operation.as_str(), &self.from);
        operation == "archive" || operation == "convert" && from.iter().any(|from| from == RASTER)
    }
}

impl Plugin {
    /// The formats of some capabilities, without the internal one.
    fn formats(
        &self,
        fits: impl Fn(&Capability) -> bool,
        which: impl Fn(&Capability) -> &Vec<String>,
    ) -> BTreeSet<String> {
        let capabilities = self.description.capabilities.iter().filter(|capability| fits(capability));
        let all = capabilities.flat_map(|capability| which(capability).clone());
        all.filter(|format| format != RASTER).collect()
    }

    fn capability(&self, fits: impl Fn(&Capability) -> bool, from: &str, to: &str) -> Option<&Capability> {
        let has = |list: &[String], id: &str| {
            id.is_empty() || list.is_empty() || list.iter().any(|known| known == id)
        };
        let mut all = self.description.capabilities.iter();
        all.find(|capability| fits(capability) && has(&capability.from, from) && has(&capability.to, to))
    }

    fn probes(&self, format: &str) -> bool {
        self.description.probes.iter().any(|known| known == format)
    }

    /// A job that reads a file in small limits.
    fn job(operation: &str, format: &str, data: &[u8]) -> Job {
        Job::new(operation).input("input", format, data).limit(judge::limits)
    }

    /// Looks at a file, reads it, and takes some of them on to another format.
    fn read(&self, format: &str, data: &[u8]) {
        if self.probes(format) {
            judge::honest("probe", &Plugin::job("probe", format, data).probe(self.entry));
        }
        if let Some(entrance) = self.capability(Role::is_entrance, format, "") {
            let target = entrance.to.first().map_or("", String::as_str);
            let job = Plugin::job(&entrance.operation, format, data).target(target);
            judge::honest("read", &job.discard().run(self.entry));
        }
        let onward = self.description.capabilities.iter().filter(|capability| {
            !capability.is_entrance() && capability.from.iter().any(|from| from == format)
        });
        let onward: Vec<(&str, &String)> = onward
            .flat_map(|capability| capability.to.iter().map(|to| (capability.operation.as_str(), to)))
            .collect();
        let sum =
            data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        // One in four goes on, so that most time is spent on reading.
        if let (0, Some((operation, target))) = (sum % 4, onward.get(sum / 4 % onward.len().max(1))) {
            let job = Plugin::job(operation, format, data).target(target).limit(small);
            judge::honest(&format!("{operation} to {target}"), &job.discard().run(self.entry));
        }
    }

    fn optimise(&self, format: &str, data: &[u8]) {
        let outcome = Plugin::job("optimize", format, data).target(format).limit(small).run(self.entry);
        judge::honest("optimize", &outcome);
        if outcome.error.is_none() {
            self.read_back(format, &outcome, &[], None);
        }
    }

    /// Writes what the data describe, and reads it back when that was done.
    fn write_and_read(&self, format: &str, data: &[u8]) {
        let Some(written) = self.write(format, data) else { return };
        judge::honest("write", &written.outcome);
        if written.outcome.error.is_none() {
            self.read_back(format, &written.outcome, &written.options, written.load.as_ref());
        }
    }

    fn write(&self, format: &str, data: &[u8]) -> Option<Written> {
        let capability = self.capability(Role::is_exit, "", format)?;
        let mut dice = Dice::new(data);
        let options = dice.options(&capability.options);
        let mut job = Job::new(&capability.operation).target(format);
        for (name, value) in &options {
            job = job.option(name, value.clone());
        }
        let (job, load) = if capability.from.is_empty() {
            let many = capability.many_inputs;
            let mut load = container::load(job, &mut dice, many);
            (std::mem::take(&mut load.job), Some(load))
        } else {
            (job.input("input", RASTER, picture::raster(&mut dice)), None)
        };
        let outcome = job.limit(judge::limits).limit(small).run(self.entry);
        Some(Written { outcome, options, load })
    }

    /// Has the plugin's own reader read what was written: it must succeed and tell the same.
    fn read_back(&self, format: &str, written: &Outcome, options: &[(String, Value)], load: Option<&Load>) {
        let [output] = written.outputs.as_slice() else { return };
        if load.is_some_and(|load| !load.must_be_readable()) {
            return;
        }
        let job = |operation: &str| {
            let job = Job::new(operation).input("input", format, output.bytes.as_slice()).limit(trusting);
            match container::password(options) {
                Some(password) => job.option("password", password.clone()),
                None => job,
            }
        };
        if self.probes(format) {
            let probed = job("probe").probe(self.entry);
            judge::succeeded("probe of what was written", &probed);
            for fact in ["width", "height"] {
                let (told, found) = (written.facts.get(fact), probed.facts.get(fact));
                assert!(
                    told.is_none() || found.is_none() || told == found,
                    "{fact}: told {told:?}, found {found:?}"
                );
            }
        }
        if let Some(entrance) = self.capability(Role::is_entrance, format, "") {
            let target = entrance.to.first().map_or("", String::as_str);
            let outcome = job(&entrance.operation).target(target).run(self.entry);
            judge::succeeded("reading what was written", &outcome);
            assert!(
                load.is_none_or(|load| load.came_back(&outcome)),
                "the files did not come back as they were"
            );
        }
    }

    /// A few files of the formats that are read, and what is asked of each behind it.
    fn some_of_each(&self) -> Vec<Vec<u8>> {
        let formats = self.formats(|capability| capability.is_entrance(), |capability| &capability.from);
        let files = formats.iter().filter_map(|format| self.files(format).into_iter().next());
        let asked = noise(SEEDS, whole::CHOICES).into_iter();
        files.zip(asked).map(|(file, asked)| [file, asked].concat()).collect()
    }

    /// Files of a format to start from: those the plugin writes itself, and the format's signatures.
    fn files(&self, format: &str) -> Vec<Vec<u8>> {
        let written = noise(12, CHOICES).into_iter().filter_map(|choices| self.write(format, &choices));
        let outputs = written.flat_map(|written| written.outcome.outputs);
        let mut files: Vec<Vec<u8>> =
            outputs.map(|output| output.bytes).filter(|bytes| !bytes.is_empty()).collect();
        for signature in formats::by_id(format).into_iter().flat_map(|row| row.signatures) {
            let mut bytes = vec![0; signature.offset.min(1 << 16)];
            bytes.extend(signature.bytes);
            bytes.resize(bytes.len() + 32, 0);
            files.push(bytes);
        }
        files
    }
}

/// Limits for what is packed again.
fn small(limits: &mut formwork_sdk::Limits) {
    limits.pixels = WRITTEN_PIXELS;
    // A format that writes tiles makes a whole one of a narrow rest.
    limits.side = WRITTEN_SIDE;
}

/// Limits for what was just made: it may be packed as tightly as it can be.
fn trusting(limits: &mut formwork_sdk::Limits) {
    limits.threads = 1;
    limits.ratio = u64::MAX;
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_plugin_archive::formwork_plugin_entry_v1 as entry;

    #[test]
    fn what_is_asked_of_seeds_is_mostly_done() {
        let plugin = Plugin { entry, description: describe(entry) };
        let engine = whole::engine(Some(entry));
        let seeds = plugin.some_of_each();
        let done = seeds.iter().filter(|seed| whole::convert(&engine, seed)).count();
        assert!(done * 2 > seeds.len(), "{done} of {}", seeds.len());
    }
}
