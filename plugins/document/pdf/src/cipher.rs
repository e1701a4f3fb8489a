//! Protection by passwords and permissions (ISO 32000-2, 7.6).

use formwork_sdk::{Error, ErrorKind, Result};
use lopdf::encryption::crypt_filters::{Aes256CryptFilter, CryptFilter};
use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What may be allowed, by the words of the option `permissions`.
const WORDS: [(&str, Permissions); 8] = [
    ("printing", Permissions::PRINTABLE.union(Permissions::PRINTABLE_IN_HIGH_QUALITY)),
    ("low-printing", Permissions::PRINTABLE),
    ("copying", Permissions::COPYABLE.union(Permissions::COPYABLE_FOR_ACCESSIBILITY)),
    ("accessibility", Permissions::COPYABLE_FOR_ACCESSIBILITY),
    ("modifying", Permissions::MODIFIABLE.union(Permissions::ASSEMBLABLE)),
    ("annotating", Permissions::ANNOTABLE.union(Permissions::FILLABLE)),
    ("filling", Permissions::FILLABLE),
    ("assembling", Permissions::ASSEMBLABLE),
];

/// Reads the option `permissions`: words in any order, `all`, or `none`.
///
/// # Errors
///
/// `invalid_request` for a word that is none of them.
pub(crate) fn permissions(text: &str) -> Result<Permissions> {
    let mut allowed = Permissions::empty();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    for word in text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase().replace('_', "-");
        allowed |= match word.as_str() {
            "all" => Permissions::all(),
            "none" => Permissions::empty(),
            _ => WORDS.iter().find(|(known, _)| *known == word).map(|(_, bits)| *bits).ok_or_else(|| {
                let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
                Error::invalid(format!(
                    "`permissions` does not know `{word}`; it takes all, none, {}",
                    known.join(", ")
                ))
            })?,
        };
    }
    Ok(allowed)
}

/// The protection a document is to get: AES with 256 bits, revision 6 (7.6.4.4).
///
/// # Errors
///
/// `internal` when the machine gives no random bytes; `invalid_request` for a password that cannot be used.
pub(crate) fn protection(user: &str, owner: &str, permissions: Permissions) -> Result<EncryptionState> {
    let mut key = [0u8; 32];
    getrandom::fill(&mut key)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("no random bytes: {error}")))?;
    let filter: Arc<dyn CryptFilter> = Arc::new(Aes256CryptFilter);
    let version = EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters: BTreeMap::from([(b"StdCF".to_vec(), filter)]),
        file_encryption_key: &key,
        stream_filter: b"StdCF".to_vec(),
        string_filter: b"StdCF".to_vec(),
        owner_password: owner,
        user_password: user,
        permissions,
    };
    EncryptionState::try_from(version)
        .map_err(|error| Error::invalid(format!("the password cannot be used: {error}")))
}

/// Looks whether the streams of a document that was opened are really open: with a wrong key they are noise, and
/// nothing says so.
///
/// # Errors
///
/// `corrupt_input` when they are noise.
pub(crate) fn check_opened(doc: &Document) -> Result<()> {
    let streams = doc.objects.values().filter_map(|object| match object {
        Object::Stream(stream) => starts_well(stream),
        _ => None,
    });
    let (mut good, mut bad) = (0u32, 0u32);
    for well in streams {
        if well {
            good += 1;
        } else {
            bad += 1;
        }
    }
    // One that is broken in itself is the file's own business.
    if bad > good {
        return Err(Error::corrupt(
            "the PDF was unlocked, but its content stays scrambled: it is protected in a way that is not known here. \
             Remove the protection with the program that made it",
        ));
    }
    Ok(())
}

/// Whether a stream packed by deflate starts as such streams do (RFC 1950, 2.2); `None` for others.
fn starts_well(stream: &Stream) -> Option<bool> {
    let packed = stream.filters().ok()?.first().is_some_and(|filter| *filter == b"FlateDecode");
    let [method, flags] = *stream.content.first_chunk::<2>().filter(|_| packed)?;
    Some(method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_read_as_lists_of_words() {
        assert_eq!(permissions("none").unwrap(), Permissions::empty());
        assert_eq!(permissions("all").unwrap(), Permissions::all());
        let some = permissions("[\"low_printing\", \"filling\"]").unwrap();
        assert_eq!(some, Permissions::PRINTABLE | Permissions::FILLABLE);
        assert!(permissions("printing,flying").unwrap_err().message.contains("flying"));
    }
}
