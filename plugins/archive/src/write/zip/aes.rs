//! WinZip's AES-256 encryption of entries (AE-2): AES in counter mode, authenticated by HMAC-SHA1.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use formwork_sdk::{Error, ErrorKind, Result};
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Bytes of salt for a key of 256 bits.
const SALT: usize = 16;
/// Rounds of key derivation the format fixes.
const ROUNDS: u32 = 1_000;
/// Blocks of key stream made at a time.
const BATCH: usize = 64;

/// Encrypts the data of one entry, in as many pieces as it comes.
pub(super) struct Cipher {
    head: [u8; SALT + 2],
    aes: Aes256,
    mac: Hmac<Sha1>,
    counter: u128,
    stream: Vec<u8>,
    used: usize,
}

impl Cipher {
    /// Derives the keys from a password and a new random salt.
    ///
    /// # Errors
    ///
    /// `internal` when the system has no random numbers.
    pub(super) fn new(password: &str) -> Result<Cipher> {
        let broken = || Error::new(ErrorKind::Internal, "the encryption cannot be set up");
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)
            .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random numbers"))?;
        let mut keys = [0; 66];
        pbkdf2::pbkdf2_hmac::<Sha1>(password.as_bytes(), &salt, ROUNDS, &mut keys);
        let (key, rest) = keys.split_at_checked(32).ok_or_else(broken)?;
        let (mac_key, verifier) = rest.split_at_checked(32).ok_or_else(broken)?;
        let mut head = [0; SALT + 2];
        for (place, byte) in head.iter_mut().zip(salt.iter().chain(verifier)) {
            *place = *byte;
        }
        Ok(Cipher {
            head,
            aes: Aes256::new_from_slice(key).map_err(|_| broken())?,
            mac: Hmac::new_from_slice(mac_key).map_err(|_| broken())?,
            counter: 0,
            stream: Vec::new(),
            used: 0,
        })
    }

    /// What stands before the data: salt and password check.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Encrypts the next piece in place.
    pub(super) fn encrypt(&mut self, data: &mut [u8]) {
        for byte in data.iter_mut() {
            if self.used >= self.stream.len() {
                self.refill();
            }
            *byte ^= self.stream.get(self.used).copied().unwrap_or(0);
            self.used += 1;
        }
        self.mac.update(data);
    }

    fn refill(&mut self) {
        let mut blocks = [Array::from([0; 16]); BATCH];
        for block in &mut blocks {
            // Counts from one, lowest byte first.
            self.counter += 1;
            *block = Array::from(self.counter.to_le_bytes());
        }
        self.aes.encrypt_blocks(&mut blocks);
        self.stream.clear();
        self.stream.extend(blocks.iter().flatten());
        self.used = 0;
    }

    /// What stands behind the data: ten bytes of authentication code.
    pub(super) fn tail(self) -> Vec<u8> {
        let mut code = self.mac.finalize().into_bytes().to_vec();
        code.truncate(10);
        code
    }
}
