//! What a race is: one job, several programs, and what ours must reach.

use std::path::{Path, PathBuf};

/// One program's way to do the job.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    /// Its name in the table.
    pub(super) name: &'static str,
    /// The words of its command. `@in`, `@out` and `@formwork` stand for paths.
    pub(super) words: Vec<String>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// User and system CPU time.
    Cpu,
    /// Time on the clock.
    Wall,
}

/// What must hold beside the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Besides {
    /// Nothing.
    Nothing,
    /// The output is at most this many times as big as the peer's.
    Size(f64),
    /// The output has at least the peer's SSIM per byte.
    SsimPerByte,
}

/// What ours must reach against one peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// The peer's name; `None` for whichever is the fastest.
    pub(super) peer: Option<&'static str>,
    pub(super) measure: Measure,
    /// Ours divided by the peer's is at most this.
    pub(super) most: f64,
    pub(super) besides: Besides,
}

/// What the outputs of a race should look like.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Like this picture.
    Picture(PathBuf),
    /// Like this film.
    Film(PathBuf),
}

/// One job that several programs do in turn.
#[derive(Clone, Debug)]
pub(super) struct Contest {
    /// A short word to choose it by.
    pub(super) id: &'static str,
    /// What is done, for the heading.
    pub(super) title: &'static str,
    pub(super) input: PathBuf,
    /// The output's name; a folder when it ends in a slash.
    pub(super) output: &'static str,
    /// What the outputs are compared with.
    pub(super) source: Option<Source>,
    /// How often each program runs.
    pub(super) rounds: usize,
    /// Ours first.
    pub(super) runners: Vec<Runner>,
    pub(super) goals: Vec<Goal>,
}

impl Contest {
    pub(super) fn new(id: &'static str, title: &'static str, input: &Path, output: &'static str) -> Contest {
        Contest {
            id,
            title,
            input: input.to_path_buf(),
            output,
            source: None,
            rounds: 3,
            runners: Vec::new(),
            goals: Vec::new(),
        }
    }

    /// Compares outputs with this picture, and runs more often: picture jobs are short.
    pub(super) fn picture(mut self, source: &Path) -> Contest {
        self.source = Some(Source::Picture(source.to_path_buf()));
        self.rounds = 7;
        self
    }

    /// Compares outputs with this film.
    pub(super) fn film(mut self, source: &Path) -> Contest {
        self.source = Some(Source::Film(source.to_path_buf()));
        self
    }

    pub(super) fn rounds(mut self, rounds: usize) -> Contest {
        self.rounds = rounds;
        self
    }

    /// Adds a program; its command is split at spaces.
    pub(super) fn runner(mut self, name: &'static str, command: &str) -> Contest {
        self.runners.push(Runner { name, words: command.split(' ').map(str::to_owned).collect() });
        self
    }

    /// Adds a pipeline, run by a shell.
    pub(super) fn pipeline(mut self, name: &'static str, line: &str) -> Contest {
        self.runners.push(Runner { name, words: vec!["sh".into(), "-c".into(), line.into()] });
        self
    }

    pub(super) fn goal(mut self, peer: &'static str, measure: Measure, most: f64) -> Contest {
        self.goals.push(Goal { peer: Some(peer), measure, most, besides: Besides::Nothing });
        self
    }

    /// Sets a goal against the fastest of all peers.
    pub(super) fn fastest(mut self, measure: Measure, most: f64) -> Contest {
        self.goals.push(Goal { peer: None, measure, most, besides: Besides::Nothing });
        self
    }

    /// Sets what the last goal asks beside the time.
    pub(super) fn besides(mut self, besides: Besides) -> Contest {
        if let Some(goal) = self.goals.last_mut() {
            goal.besides = besides;
        }
        self
    }
}
