use serde_json::{Map, Value};
use std::fmt;

pub use formwork_abi::ErrorKind;

/// The status code a server may answer with when something failed like this (RFC 9110): 4xx for what the client can mend,
/// 5xx for what it cannot.
pub fn http_status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest => 400,
        ErrorKind::Cancelled => 409,
        ErrorKind::LimitExceeded => 413,
        ErrorKind::UnsupportedFormat => 415,
        ErrorKind::UnsupportedConversion | ErrorKind::CorruptInput | ErrorKind::PasswordRequired => 422,
        ErrorKind::BackendMissing => 501,
        ErrorKind::PluginFault => 502,
        ErrorKind::IsolationUnavailable => 503,
        ErrorKind::Timeout => 504,
        _ => 500,
    }
}

/// What every function of the engine returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something failed: whose fault it is, what happened to which input, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whose fault it is, and so what the caller should do.
    pub kind: ErrorKind,
    /// What happened, in one sentence.
    pub message: String,
    /// The limit's name when `kind` is [`ErrorKind::LimitExceeded`].
    pub limit: Option<String>,
    /// What to do next, in one sentence.
    pub hint: Option<String>,
    /// What it happened to, outermost first: `("input", "a.png")`, `("plugin", "image")`.
    pub context: Vec<(&'static str, String)>,
}

impl Error {
    /// Makes an error.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), limit: None, hint: None, context: Vec::new() }
    }

    /// The request makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidRequest, message)
    }

    /// The operating system refused something.
    pub fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        Error::new(ErrorKind::Io, format!("{doing}: {error}"))
    }

    /// Says what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what it happened to, unless that was said already.
    pub fn with_context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if self.context.iter().all(|(known, _)| *known != key) {
            self.context.push((key, value.into()));
        }
        self
    }

    /// The error as JSON: `kind`, `message`, and as far as there are any `limit`, `hint` and what it happened to, as
    /// `input` or `plugin`.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("kind".into(), self.kind.word().into());
        object.insert("message".into(), self.message.clone().into());
        if let Some(limit) = &self.limit {
            object.insert("limit".into(), limit.clone().into());
        }
        if let Some(hint) = &self.hint {
            object.insert("hint".into(), hint.clone().into());
        }
        for (key, value) in &self.context {
            object.insert((*key).to_owned(), value.clone().into());
        }
        object.into()
    }

    /// As [`Error::to_json`], with a message that names the input, as the error's text does: for clients that show it.
    pub fn to_json_in_full(&self) -> Value {
        let mut json = self.to_json();
        json["message"] = self.to_string().into();
        json
    }

    /// Whether the same request may succeed when it is repeated unchanged.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, ErrorKind::Timeout | ErrorKind::Io)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, input)) = self.context.iter().find(|(key, _)| *key == "input") {
            write!(f, "{input}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
