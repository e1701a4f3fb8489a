//! What is answered.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use formwork::Error;
use formwork::run::JobReport;
use serde_json::json;

/// Why there is no answer but this.
pub(crate) enum Problem {
    /// The engine refused or failed.
    Failed(Error),
    /// There is no such job.
    NoJob,
    /// The job has no result yet.
    NoResult,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Failed(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Problem::Failed(error) => {
                let status = StatusCode::from_u16(formwork::http_status(error.kind));
                (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error.to_json_in_full())
            }
            Problem::NoJob => {
                (StatusCode::NOT_FOUND, json!({"kind": "invalid_request", "message": "there is no such job"}))
            }
            Problem::NoResult => (
                StatusCode::CONFLICT,
                json!({"kind": "invalid_request", "message": "the job is not over yet"}),
            ),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// The one file that came out.
pub(crate) fn file(report: &JobReport) -> Result<Response, Problem> {
    if let Some(error) = report.error() {
        return Err(error.clone().into());
    }
    let items: Vec<_> = report.exported.iter().flat_map(|(_, items)| items).collect();
    let [item] = items.as_slice() else {
        let why = format!("the result is {} files", items.len());
        return Err(Error::invalid(why).with_hint("ask for an archive, such as zip").into());
    };
    let kind =
        item.format.and_then(|format| format.mime.first().copied()).unwrap_or("application/octet-stream");
    let mut response = Body::from(item.bytes(u64::MAX)?).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition(&item.name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// The name under which a browser keeps it (RFC 6266, RFC 5987).
fn disposition(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let ascii: String = name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    let escaped: String = name
        .bytes()
        .map(|byte| if plain(byte.into()) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{escaped}")
}
