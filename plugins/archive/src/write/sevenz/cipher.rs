//! 7z's encryption: AES-256 in CBC mode, the key from many rounds of SHA-256.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use formwork_sdk::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};

/// Rounds of key derivation as a power of two, as 7-Zip writes them.
const CYCLES: u8 = 19;
/// Bytes of salt and of start value.
const BYTES: usize = 16;

/// The key of an archive.
pub(super) struct Key {
    salt: [u8; BYTES],
    aes: Aes256,
}

/// Encrypts one folder.
pub(super) struct Cipher {
    salt: [u8; BYTES],
    start: [u8; BYTES],
    aes: Aes256,
    last: [u8; BYTES],
    /// Bytes that do not fill a block yet.
    rest: Vec<u8>,
}

fn random() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random numbers"))?;
    Ok(bytes)
}

impl Key {
    /// Derives a key from a password and a new random salt.
    pub(super) fn new(password: &str) -> Result<Key> {
        let salt = random()?;
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut hash = Sha256::new();
        for round in 0..1_u64 << CYCLES {
            hash.update(salt);
            hash.update(&password);
            hash.update(round.to_le_bytes());
        }
        let aes = Aes256::new(&hash.finalize());
        Ok(Key { salt, aes })
    }

    /// A cipher for the next folder.
    pub(super) fn cipher(&self) -> Result<Cipher> {
        let start = random()?;
        Ok(Cipher { salt: self.salt, start, aes: self.aes.clone(), last: start, rest: Vec::new() })
    }
}

impl Cipher {
    /// The coder's properties: rounds, and both salt and start value with their lengths.
    pub(super) fn properties(&self) -> Vec<u8> {
        let mut properties = vec![CYCLES | 0xC0, 0xFF];
        properties.extend_from_slice(&self.salt);
        properties.extend_from_slice(&self.start);
        properties
    }

    /// Encrypts the next bytes; what does not fill a block waits.
    pub(super) fn encrypt(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut plain = std::mem::take(&mut self.rest);
        plain.extend_from_slice(&bytes);
        let (blocks, rest) = plain.as_chunks_mut::<BYTES>();
        for block in blocks {
            self.block(block);
        }
        self.rest = rest.to_vec();
        plain.truncate(plain.len() - self.rest.len());
        plain
    }

    fn block(&mut self, block: &mut [u8; BYTES]) {
        for (byte, last) in block.iter_mut().zip(self.last) {
            *byte ^= last;
        }
        let mut array = Array::from(*block);
        self.aes.encrypt_block(&mut array);
        *block = array.into();
        self.last = *block;
    }

    /// Encrypts what still waits, filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.rest.is_empty() {
            return Vec::new();
        }
        let fill = vec![0; BYTES - self.rest.len()];
        self.encrypt(fill)
    }
}
