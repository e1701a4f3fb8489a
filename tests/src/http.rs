//! A client of HTTP/1.1 (RFC 9112) that is just enough to try servers with: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::Result;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&self.body)).into())
    }
}

/// Sends a request to this machine and reads the answer to its end.
pub fn request(port: u16, method: &str, target: &str, body: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or("an answer without an end of its head")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("an answer without a status")?;
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut answer = Answer { status: status.parse()?, headers, body: bytes[end + 4..].to_vec() };
    if answer.status == 100 {
        return parse(&answer.body);
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = joined(&answer.body)?;
    }
    let length = answer.header("content-length").map(str::parse::<usize>).transpose()?;
    if length.is_some_and(|length| length != answer.body.len()) {
        return Err(format!("{} bytes of {length:?} came", answer.body.len()).into());
    }
    Ok(answer)
}

/// Joins chunks (RFC 9112, section 7.1).
fn joined(mut chunked: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunked.windows(2).position(|two| two == b"\r\n").ok_or("a chunk without a size")?;
        let size = std::str::from_utf8(&chunked[..end])?.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16)?;
        let chunk = chunked.get(end + 2..end + 2 + size).ok_or("a chunk that was cut off")?;
        if size == 0 {
            return Ok(body);
        }
        if chunked.get(end + 2 + size..end + 4 + size) != Some(b"\r\n") {
            return Err("a chunk that is longer than it says".into());
        }
        body.extend_from_slice(chunk);
        chunked = chunked.get(end + 4 + size..).ok_or("a chunk without an end")?;
    }
}

/// Text as it may stand in a query.
pub fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_and_chunked_answers() {
        let whole = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi").unwrap();
        assert_eq!((whole.status, whole.header("x-a"), whole.body.as_slice()), (200, Some("b"), &b"hi"[..]));
        let chunked =
            parse(b"HTTP/1.1 422 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x\r\n you\r\n0\r\n\r\n");
        assert!(chunked.is_err(), "a chunk that is longer than it says");
        let chunked =
            parse(b"HTTP/1.1 422 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n4;x\r\n you\r\n0\r\n\r\n");
        assert_eq!(chunked.unwrap().body, b"hi you");
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi").is_err(), "cut off");
        assert_eq!(escaped("a b/ü"), "a%20b%2F%C3%BC");
    }
}
