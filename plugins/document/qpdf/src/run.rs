//! Runs the program.

use crate::describe::REMEDY;
use formwork_program::{Outcome, Program};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Standard input is a file in memory, which can be read from its end only under a name.
const INPUT: &str = "/dev/stdin";

pub(crate) fn find() -> Option<PathBuf> {
    formwork_program::find("qpdf")
}

fn qpdf(path: &Path) -> Program<'_> {
    Program {
        name: "qpdf",
        path,
        environment: &[],
        own_memory: 256 << 20,
        own_files: 0,
        silence: Duration::from_secs(40),
        whole: Duration::from_secs(120),
    }
}

/// Does one step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let path = find()
        .ok_or_else(|| Error::new(ErrorKind::BackendMissing, format!("qpdf is not installed: {REMEDY}")))?;
    let job = Job { step, program: qpdf(&path), input: step.input()?.bytes()?.to_vec() };
    match step.operation() {
        "pdf/repair" => job.repair(),
        "pdf/linearize" => job.linearize(),
        other => Err(Error::unsupported(format!("this plugin does not do `{other}`"))),
    }
}

struct Job<'j> {
    step: &'j Step<'j>,
    program: Program<'j>,
    input: Vec<u8>,
}

impl Job<'_> {
    fn repair(&self) -> Result<()> {
        let password = self.step.options().text("password");
        let repaired = match self.repaired(password) {
            // It may be meant for another of several inputs, or for the result.
            Err(error) if error.kind == ErrorKind::PasswordRequired && password.is_some() => {
                self.repaired(None)
            }
            other => other,
        };
        self.step.write_output(&repaired?)
    }

    fn repaired(&self, password: Option<&str>) -> Result<Vec<u8>> {
        // Passwords that qpdf thinks weak are no reason not to read a file.
        let written = self.written(&["--decrypt", "--deterministic-id", "--allow-weak-crypto"], password)?;
        if self.is_encrypted(password)? {
            let detail = "the result is not protected: protect it with pdf/encrypt";
            self.step.lose(Feature::Encryption, detail);
        }
        Ok(written)
    }

    fn linearize(&self) -> Result<()> {
        let options = self.step.options();
        if options.get::<bool>("linearize") == Some(false) {
            return self.step.write_output(&self.input);
        }
        let password = options.text("password");
        let mut arguments = vec!["--linearize", "--allow-weak-crypto"];
        // The identifier is part of what protected files are protected with.
        if !self.is_encrypted(password)? {
            arguments.push("--deterministic-id");
        }
        let written = self.written(&arguments, password)?;
        let limit: Option<u64> = options.get("max_bytes");
        match limit.filter(|limit| written.len() as u64 > *limit) {
            Some(limit) => Err(Error::invalid(format!(
                "linearized, the PDF has {} bytes, and `max_bytes` is {limit}: leave `linearize` out",
                written.len()
            ))),
            None => self.step.write_output(&written),
        }
    }

    fn is_encrypted(&self, password: Option<&str>) -> Result<bool> {
        Ok(self.run(&["--is-encrypted"], password)?.success)
    }

    /// The file as qpdf writes it with these arguments.
    fn written(&self, arguments: &[&str], password: Option<&str>) -> Result<Vec<u8>> {
        let outcome = self.run(&[arguments, &["--warning-exit-0"]].concat(), password)?;
        if !outcome.success || !outcome.output.starts_with(b"%PDF-") {
            return Err(self.failure(&outcome));
        }
        Ok(outcome.output)
    }

    fn run(&self, arguments: &[&str], password: Option<&str>) -> Result<Outcome> {
        let asks = arguments == ["--is-encrypted"];
        let all = |secret: &str| {
            let mut all: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
            if password.is_some() {
                all.push(format!("--password-file={secret}"));
            }
            all.push(INPUT.into());
            if !asks {
                all.push("-".into());
            }
            all
        };
        self.program.run_with(self.step, all, &self.input, password.map(str::as_bytes), |_| Ok(false))
    }

    /// Says why nothing was written.
    fn failure(&self, outcome: &Outcome) -> Error {
        if outcome.messages.contains("invalid password") {
            return Error::password(
                "the password does not open the PDF: give the right one with the option `password`",
            );
        }
        if outcome.messages.contains("bad_alloc") {
            return Error::limit("memory", "more", self.step.limits().memory);
        }
        let line = outcome.messages.lines().find(|line| !line.starts_with("WARNING")).unwrap_or("no message");
        let complaint = line.replace(INPUT, "the file").replace("qpdf: ", "");
        let complaint: String = complaint.chars().filter(|letter| !letter.is_control()).take(160).collect();
        Error::corrupt(format!("qpdf cannot read the PDF ({complaint}); ask for an intact copy"))
    }
}
