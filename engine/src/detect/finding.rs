use formwork_formats::{Format, by_file_name, by_id};

use super::{Confidence, Detection};

/// What a probe found, before the name has its say.
pub(super) struct Finding {
    id: &'static str,
    confidence: Confidence,
    evidence: String,
    siblings: &'static [&'static str],
    kin: &'static [&'static str],
    encrypted: bool,
}

impl Finding {
    fn new(id: &'static str, confidence: Confidence, evidence: impl Into<String>) -> Self {
        Finding { id, confidence, evidence: evidence.into(), siblings: &[], kin: &[], encrypted: false }
    }

    /// The bytes can be nothing else.
    pub(super) fn certain(id: &'static str, evidence: impl Into<String>) -> Self {
        Finding::new(id, Confidence::Certain, evidence)
    }

    /// Several things fit together.
    pub(super) fn likely(id: &'static str, evidence: impl Into<String>) -> Self {
        Finding::new(id, Confidence::Likely, evidence)
    }

    /// Nothing speaks against it.
    pub(super) fn guess(id: &'static str, evidence: impl Into<String>) -> Self {
        Finding::new(id, Confidence::Guess, evidence)
    }

    /// Formats the same bytes may as well be: a name that claims one of them decides.
    pub(super) fn or_named(mut self, siblings: &'static [&'static str]) -> Self {
        self.siblings = siblings;
        self
    }

    /// Formats whose names such a file carries rightly, though it is told more exactly here.
    pub(super) fn also_called(mut self, kin: &'static [&'static str]) -> Self {
        self.kin = kin;
        self
    }

    /// Says whether a password is needed.
    pub(super) fn encrypted(mut self, encrypted: bool) -> Self {
        self.encrypted = encrypted;
        self
    }

    /// Lets the name choose among the siblings, and notes what else it claims.
    pub(super) fn settle(self, name: Option<&str>) -> Option<Detection> {
        let claimed = name.and_then(by_file_name);
        let chosen = claimed.filter(|format| self.siblings.contains(&format.id));
        let format = chosen.or_else(|| by_id(self.id))?;
        let honest = |claim: &&'static Format| claim.id == format.id || self.kin.contains(&claim.id);
        Some(Detection {
            format,
            confidence: self.confidence,
            evidence: self.evidence,
            claimed: claimed.filter(|claim| !honest(claim)),
            encrypted: self.encrypted,
        })
    }
}
