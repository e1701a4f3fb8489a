//! How calls end.

use formwork::ErrorKind;

/// How a call ended. Numbers never change their meaning; new ones may follow.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All went well.
    Ok = 0,
    /// The request makes no sense: unknown option, value out of range, a cycle. Correct the request.
    InvalidRequest = 1,
    /// The input's format is not known. Name it with `input_format`, or use another file.
    UnsupportedFormat = 2,
    /// No route leads from this format to that one. Choose another target.
    UnsupportedConversion = 3,
    /// The input is broken or uses something its reader does not know. Use another file.
    CorruptInput = 4,
    /// The input is encrypted and the password is missing or wrong. Give `password`.
    PasswordRequired = 5,
    /// A limit was reached; the error names it. Raise the limit if the input is trusted.
    LimitExceeded = 6,
    /// The deadline passed. Raise `timeout`, or retry when the machine is less busy.
    Timeout = 7,
    /// The caller cancelled.
    Cancelled = 8,
    /// A library or program the route needs is not installed; the message says which.
    BackendMissing = 9,
    /// A plugin panicked, crashed or broke the contract. Report it.
    PluginFault = 10,
    /// The isolation asked for cannot be had on this machine.
    IsolationUnavailable = 11,
    /// The operating system, or a callback, refused to read or write. See the message.
    Io = 12,
    /// A bug in Formwork itself. Report it; close the engine.
    Internal = 13,
    /// The call itself is wrong: NULL where something must be, a `struct_size` that is none, an engine that was opened
    /// before a fork. The program has to be mended.
    Misuse = 14,
    /// It is not over yet.
    Pending = 15,
    /// There is no more.
    End = 16,
}

/// Each kind of error with its status.
const KINDS: &[(ErrorKind, Status)] = &[
    (ErrorKind::InvalidRequest, Status::InvalidRequest),
    (ErrorKind::UnsupportedFormat, Status::UnsupportedFormat),
    (ErrorKind::UnsupportedConversion, Status::UnsupportedConversion),
    (ErrorKind::CorruptInput, Status::CorruptInput),
    (ErrorKind::PasswordRequired, Status::PasswordRequired),
    (ErrorKind::LimitExceeded, Status::LimitExceeded),
    (ErrorKind::Timeout, Status::Timeout),
    (ErrorKind::Cancelled, Status::Cancelled),
    (ErrorKind::BackendMissing, Status::BackendMissing),
    (ErrorKind::PluginFault, Status::PluginFault),
    (ErrorKind::IsolationUnavailable, Status::IsolationUnavailable),
    (ErrorKind::Io, Status::Io),
    (ErrorKind::Internal, Status::Internal),
];

impl Status {
    /// The status of an error of this kind.
    pub(crate) fn of(kind: ErrorKind) -> Status {
        KINDS.iter().find(|row| row.0 == kind).map_or(Status::Internal, |row| row.1)
    }
}

/// The status code of HTTP a server may answer with when a call ended like this: 200 for what went well, 4xx for what
/// the client can mend, 5xx for what it cannot. Any number is fine; unknown ones give 500.
#[unsafe(no_mangle)]
pub extern "C" fn formwork_status_http(status: i32) -> i32 {
    if let Some(row) = KINDS.iter().find(|row| row.1 as i32 == status) {
        return i32::from(formwork::http_status(row.0));
    }
    match status {
        status if status == Status::Ok as i32 => 200,
        status if status == Status::Pending as i32 => 202,
        status if status == Status::End as i32 => 404,
        _ => 500,
    }
}
