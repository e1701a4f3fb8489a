use std::fmt;

/// Whose fault a failure is, and so what the caller should do next.
///
/// The words are stable: they appear in JSON, receipts and at the plugin border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request makes no sense: unknown option, value out of range, a cycle. Correct the request.
    InvalidRequest,
    /// The input's format is not known. Name it with `input_format`, or use another file.
    UnsupportedFormat,
    /// No route leads from this format to that one. Choose another target.
    UnsupportedConversion,
    /// The input is broken or uses something its reader does not know. Use another file.
    CorruptInput,
    /// The input is encrypted and the password is missing or wrong. Give `password`.
    PasswordRequired,
    /// A limit was reached; the error names it. Raise the limit if the input is trusted.
    LimitExceeded,
    /// The deadline passed. Raise `timeout`, or retry when the machine is less busy.
    Timeout,
    /// The caller cancelled.
    Cancelled,
    /// A library or program the route needs is not installed; the message says which.
    BackendMissing,
    /// A plugin panicked, crashed or broke the contract. Report it.
    PluginFault,
    /// The isolation asked for cannot be had on this machine.
    IsolationUnavailable,
    /// The operating system refused to read or write. See the message.
    Io,
    /// A bug in Formwork itself. Report it.
    Internal,
}

impl ErrorKind {
    /// Every kind with its word.
    pub const ALL: &'static [(ErrorKind, &'static str)] = &[
        (ErrorKind::InvalidRequest, "invalid_request"),
        (ErrorKind::UnsupportedFormat, "unsupported_format"),
        (ErrorKind::UnsupportedConversion, "unsupported_conversion"),
        (ErrorKind::CorruptInput, "corrupt_input"),
        (ErrorKind::PasswordRequired, "password_required"),
        (ErrorKind::LimitExceeded, "limit_exceeded"),
        (ErrorKind::Timeout, "timeout"),
        (ErrorKind::Cancelled, "cancelled"),
        (ErrorKind::BackendMissing, "backend_missing"),
        (ErrorKind::PluginFault, "plugin_fault"),
        (ErrorKind::IsolationUnavailable, "isolation_unavailable"),
        (ErrorKind::Io, "io"),
        (ErrorKind::Internal, "internal"),
    ];

    /// Returns the word for this kind, as in `"corrupt_input"`.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("internal", |(_, word)| word)
    }

    /// Finds the kind a word stands for.
    pub fn from_word(word: &str) -> Option<ErrorKind> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
