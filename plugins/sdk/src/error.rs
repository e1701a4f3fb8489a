use formwork_abi::ErrorKind;
use std::{fmt, io};

/// What a plugin function returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a step failed: whose fault it is, and a sentence that says what happened to which input and what
/// to do next.
#[derive(Clone, Debug)]
pub struct Error {
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// The limit's name when `kind` is `LimitExceeded`.
    pub limit: Option<String>,
    /// What happened, without the kind.
    pub message: String,
    /// The host has recorded a reason already, which wins over this one.
    pub(crate) recorded: bool,
}

impl Error {
    /// Makes an error of any kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, limit: None, message: message.into(), recorded: false }
    }

    /// The input is broken.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::CorruptInput, message)
    }

    /// The options or inputs cannot be meant.
    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidRequest, message)
    }

    /// The input uses something that cannot be read, or the target cannot express it.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::UnsupportedConversion, message)
    }

    /// A limit would be passed. Says the limit, what was met and what is allowed.
    pub fn limit(name: &str, met: impl fmt::Display, allowed: impl fmt::Display) -> Self {
        Error {
            kind: ErrorKind::LimitExceeded,
            limit: Some(name.to_owned()),
            message: format!("the limit `{name}` is {allowed}, the input needs {met}"),
            recorded: false,
        }
    }

    /// The password is missing or wrong.
    pub fn password(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::PasswordRequired, message)
    }

    /// The host refused a call and knows why.
    pub(crate) fn recorded(kind: ErrorKind) -> Self {
        Error { kind, limit: None, message: String::new(), recorded: true }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Error {}

/// An [`Error`] keeps its kind through code that only knows [`io::Error`], such as a decoder reading
/// from a [`Reader`](crate::Reader).
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            return inner.clone();
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::corrupt("the input ends too early"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Error::corrupt(error.to_string()),
            _ => Error::new(ErrorKind::Io, error.to_string()),
        }
    }
}
