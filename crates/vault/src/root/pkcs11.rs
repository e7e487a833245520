//! A root key inside a PKCS#11 token: it never comes out.

use super::{KeyError, KeySource, RootKind};
use crate::random::{self, Random};
use crate::seal;
use crate::secret::Secret;
use cryptoki::context::{CInitializeArgs, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Which key of which token.
#[derive(Clone, Copy, Debug)]
pub struct Pkcs11Options<'a> {
    /// The token's library.
    pub module: &'a Path,
    /// Label of the token.
    pub token: &'a str,
    /// Label of the AES-256 key.
    pub key: &'a str,
}

/// A root key in a PKCS#11 token. Wrapping is AES-256-GCM inside the token.
pub struct Pkcs11Root {
    session: Mutex<Session>,
    key: ObjectHandle,
    id: [u8; 16],
}

fn token(error: impl fmt::Display) -> KeyError {
    KeyError::Token {
        cause: error.to_string(),
    }
}

impl fmt::Debug for Pkcs11Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Root").finish_non_exhaustive()
    }
}

/// The libraries that are in use, each begun once: whoever ends one ends it for the whole process, and with two keys of one
/// token (the old root key and the new) there are two who use it.
static MODULES: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());

fn module(path: &Path) -> Result<Pkcs11, KeyError> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = modules.iter().find(|(known, _)| known == path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(token)?;
    module
        .initialize(CInitializeArgs::OsThreads)
        .map_err(token)?;
    modules.push((path.to_owned(), module.clone()));
    Ok(module)
}

fn log_in(options: &Pkcs11Options<'_>, pin: &str) -> Result<Session, KeyError> {
    let module = module(options.module)?;
    let mut found: Option<Slot> = None;
    for slot in module.get_slots_with_token().map_err(token)? {
        let info = module.get_token_info(slot).map_err(token)?;
        if info.label() == options.token {
            found = Some(slot);
        }
    }
    let slot = found.ok_or_else(|| token("no token of this label"))?;
    let session = module.open_rw_session(slot).map_err(token)?;
    let pin = AuthPin::new(pin.into());
    match session.login(UserType::User, Some(&pin)) {
        // A token is logged in to once for all sessions of a process.
        Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
        Err(error) => Err(token(error)),
    }
}

impl Pkcs11Root {
    /// Opens the key of a token, which must be the only AES key of its label.
    ///
    /// # Errors
    /// [`KeyError::Token`] with the token's words.
    pub fn open(options: &Pkcs11Options<'_>, pin: &str) -> Result<Self, KeyError> {
        Self::find(log_in(options, pin)?, options.key)
    }

    /// Makes a key in the token that can be used but never read, and opens it.
    ///
    /// # Errors
    /// [`KeyError::Token`] when there is one of this label or the token refuses.
    pub fn generate(
        options: &Pkcs11Options<'_>,
        pin: &str,
        random: &dyn Random,
    ) -> Result<Self, KeyError> {
        let session = log_in(options, pin)?;
        if !session
            .find_objects(&label(options.key))
            .map_err(token)?
            .is_empty()
        {
            return Err(token("there is a key of this label already"));
        }
        let id: [u8; 16] = random::bytes(random).map_err(token)?;
        let attributes = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::ValueLen(32.into()),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Label(options.key.as_bytes().to_vec()),
            Attribute::Id(id.to_vec()),
        ];
        session
            .generate_key(&Mechanism::AesKeyGen, &attributes)
            .map_err(token)?;
        Self::find(session, options.key)
    }

    fn find(session: Session, name: &str) -> Result<Self, KeyError> {
        let found = session.find_objects(&label(name)).map_err(token)?;
        let [key] = found[..] else {
            return Err(token(format!(
                "{} keys of this label, expected 1",
                found.len()
            )));
        };
        let wanted = [AttributeType::Id, AttributeType::Extractable];
        let mut id = Vec::new();
        for attribute in session.get_attributes(key, &wanted).map_err(token)? {
            match attribute {
                Attribute::Id(bytes) => id = bytes,
                Attribute::Extractable(true) => return Err(token("the key can be extracted")),
                _ => {}
            }
        }
        if id.is_empty() {
            return Err(token("the key has no id"));
        }
        let id = seal::prefix(&seal::sha(&[b"countenance pkcs11 v1", &id]));
        Ok(Self {
            session: Mutex::new(session),
            key,
            id,
        })
    }
}

fn label(name: &str) -> [Attribute; 3] {
    [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Label(name.as_bytes().to_vec()),
    ]
}

impl KeySource for Pkcs11Root {
    fn root_id(&self) -> [u8; 16] {
        self.id
    }

    fn kind(&self) -> RootKind {
        RootKind::Pkcs11
    }

    fn wrap(&self, random: &dyn Random, context: &[u8], key: &Secret) -> Result<Vec<u8>, KeyError> {
        let mut nonce: [u8; 12] = random::bytes(random).map_err(token)?;
        let mut out = nonce.to_vec();
        let parameters = GcmParams::new(&mut nonce, context, 128.into()).map_err(token)?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = session
            .encrypt(&Mechanism::AesGcm(parameters), self.key, key.expose())
            .map_err(token)?;
        out.extend(sealed);
        Ok(out)
    }

    fn unwrap_key(&self, context: &[u8], wrapped: &[u8]) -> Result<Secret, KeyError> {
        let (nonce, body) = wrapped
            .split_first_chunk::<12>()
            .ok_or(KeyError::Unopened)?;
        let mut nonce = *nonce;
        let parameters = GcmParams::new(&mut nonce, context, 128.into()).map_err(token)?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        // Tokens name a wrong tag differently, so that any refusal to decrypt is this.
        let key = session
            .decrypt(&Mechanism::AesGcm(parameters), self.key, body)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Unopened)?;
        Secret::from_slice(&key).map_err(|_| KeyError::Unopened)
    }
}
