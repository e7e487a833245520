//! Where the root key is: a file, a credential of the service manager, a token.

use crate::failure::Failure;
use countenance_core::vault::{KeyError, KeySource, RootKey, SystemRandom};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the service manager puts credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A place of a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RootPlace {
    /// `credential:NAME`.
    Credential(String),
    /// A file.
    File(PathBuf),
    /// `pkcs11:token=T;object=K?module-path=M&pin-source=P` (RFC 7512).
    Pkcs11 {
        /// The token's library.
        module: PathBuf,
        /// Label of the token.
        token: String,
        /// Label of the key.
        object: String,
        /// The file with the PIN; without one it is in `COUNTENANCE_PKCS11_PIN`.
        pin: Option<PathBuf>,
    },
}

impl RootPlace {
    /// The default: a file beside the data folder.
    pub(crate) fn beside(folder: &Path) -> Result<Self, Failure> {
        let unnamed = || {
            Failure::usage(
                format!("{} has no name to put a root key beside", folder.display()),
                "name the root key with --root FILE",
            )
        };
        let whole = match folder.file_name() {
            Some(_) => folder.to_owned(),
            None => folder.canonicalize().map_err(|_| unnamed())?,
        };
        let mut name = whole.file_name().ok_or_else(unnamed)?.to_owned();
        name.push(".root");
        Ok(Self::File(whole.with_file_name(name)))
    }

    /// Reads what `--root` says.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        if let Some(name) = text.strip_prefix("credential:") {
            if name.is_empty() || name.contains(['/', '\\']) {
                return Err(Failure::usage(
                    "--root names no credential",
                    "--root credential:NAME, where the unit has LoadCredentialEncrypted=NAME:...",
                ));
            }
            return Ok(Self::Credential(name.to_owned()));
        }
        match text.strip_prefix("pkcs11:") {
            Some(uri) => pkcs11(uri),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// Opens the root key that is there.
    pub(crate) fn open(&self, data: Option<&Path>) -> Result<Arc<dyn KeySource>, Failure> {
        match self {
            Self::File(path) => {
                let root = RootKey::from_file(path, data.unwrap_or(Path::new("")));
                Ok(Arc::new(root?))
            }
            Self::Credential(name) => {
                let directory = std::env::var_os(CREDENTIALS).ok_or_else(|| {
                    Failure::usage(
                        format!("{CREDENTIALS} is not set"),
                        "credentials come from the service manager: run this in a unit with LoadCredentialEncrypted=",
                    )
                })?;
                Ok(Arc::new(RootKey::from_credential(
                    Path::new(&directory),
                    name,
                )?))
            }
            Self::Pkcs11 { .. } => self.token(false),
        }
    }

    /// Opens the root key, made if it is not there. Says whether it was made.
    pub(crate) fn open_or_create(
        &self,
        data: Option<&Path>,
    ) -> Result<(Arc<dyn KeySource>, bool), Failure> {
        match self {
            // An empty file is what is left where making it was cut off.
            Self::File(path)
                if path
                    .metadata()
                    .map_or(!path.exists(), |file| file.len() == 0) =>
            {
                let data = data.unwrap_or(Path::new(""));
                let root = RootKey::create_file(path, data, &SystemRandom)?;
                Ok((Arc::new(root), true))
            }
            Self::Pkcs11 { .. } => match self.token(false) {
                Ok(root) => Ok((root, false)),
                // The first error is the one to tell: no such token, a wrong PIN.
                Err(first) => match self.token(true) {
                    Ok(root) => Ok((root, true)),
                    Err(_) => Err(first),
                },
            },
            _ => Ok((self.open(data)?, false)),
        }
    }

    /// Removes a file that was just made and is of no use.
    pub(crate) fn remove(&self) {
        if let Self::File(path) = self {
            let _ = std::fs::remove_file(path);
        }
    }

    #[cfg(feature = "pkcs11")]
    fn token(&self, generate: bool) -> Result<Arc<dyn KeySource>, Failure> {
        use countenance_core::vault::{Pkcs11Options, Pkcs11Root};
        let Self::Pkcs11 {
            module,
            token,
            object,
            pin,
        } = self
        else {
            return self.open(None);
        };
        let secret = pin_of(pin.as_deref())?;
        let options = Pkcs11Options {
            module,
            token,
            key: object,
        };
        let root = if generate {
            Pkcs11Root::generate(&options, &secret, &SystemRandom)
        } else {
            Pkcs11Root::open(&options, &secret)
        };
        Ok(Arc::new(root?))
    }

    #[cfg(not(feature = "pkcs11"))]
    fn token(&self, _: bool) -> Result<Arc<dyn KeySource>, Failure> {
        Err(Failure::usage(
            "this program was built without PKCS#11",
            "keep the root key in a file or credential, or build with the feature `pkcs11`",
        ))
    }
}

impl std::fmt::Display for RootPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::File(path) => path.display().fmt(f),
            Self::Pkcs11 { token, object, .. } => write!(f, "key {object} in token {token}"),
        }
    }
}

#[cfg(feature = "pkcs11")]
fn pin_of(path: Option<&Path>) -> Result<zeroize::Zeroizing<String>, Failure> {
    let Some(path) = path else {
        let pin = std::env::var("COUNTENANCE_PKCS11_PIN").map_err(|_| {
            Failure::usage(
                "no PIN for the token",
                "put it into a file and name it with pin-source=FILE, or into COUNTENANCE_PKCS11_PIN",
            )
        })?;
        return Ok(pin.into());
    };
    let bytes = super::private::read_secret(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::from(anyhow::anyhow!("is not UTF-8")).about(path.display()))?;
    Ok(text.trim_end().to_owned().into())
}

fn pkcs11(uri: &str) -> Result<RootPlace, Failure> {
    let usage = |what: String| {
        Failure::usage(
            what,
            "--root 'pkcs11:token=LABEL;object=KEY?module-path=LIBRARY&pin-source=FILE'",
        )
    };
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut parts = BTreeMap::new();
    let fields = path.split(';').chain(query.split('&'));
    for field in fields.filter(|field| !field.is_empty()) {
        let known = ["token", "object", "type", "module-path", "pin-source"];
        let (key, value) = field
            .split_once('=')
            .filter(|(key, _)| known.contains(key))
            .ok_or_else(|| usage("PKCS#11 URI has a part that is not known".to_owned()))?;
        let value = percent_decoded(value)
            .ok_or_else(|| usage(format!("PKCS#11 URI: {key} is not percent-encoded UTF-8")))?;
        parts.insert(key, value);
    }
    let mut take = |key: &str| parts.remove(key);
    let (Some(token), Some(object), Some(module)) =
        (take("token"), take("object"), take("module-path"))
    else {
        return Err(usage(
            "PKCS#11 URI lacks token, object or module-path".to_owned(),
        ));
    };
    let pin = take("pin-source");
    Ok(RootPlace::Pkcs11 {
        module: PathBuf::from(module),
        token,
        object,
        pin: pin.map(|path| PathBuf::from(path.strip_prefix("file:").unwrap_or(&path))),
    })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// What to do about a root key that cannot be had.
pub(crate) fn advice(error: &KeyError) -> String {
    match error {
        KeyError::Format { .. } => {
            "a root key is 32 bytes or 64 hexadecimal digits; `countenance keyring init` makes one"
                .to_owned()
        }
        KeyError::Inside { .. } => {
            "keep the root key outside the data folder, best on another disk: --root FILE"
                .to_owned()
        }
        KeyError::Permissions { place, .. } => format!("chmod 600 {place}"),
        KeyError::Token { .. } => {
            "check module-path, token and object of the PKCS#11 URI, and the PIN".to_owned()
        }
        KeyError::Unchanged => {
            "a copy of the key is the same key: name its new place with --root; to have another key, name a file that does not exist"
                .to_owned()
        }
        KeyError::Unopened => "the keyring is damaged: restore a backup of it".to_owned(),
        KeyError::Wrong { .. } => {
            "name the root key that belongs to this data folder with --root; nothing else opens it"
                .to_owned()
        }
        _ => "name the root key with --root FILE; without it nobody can open this data folder"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::RootPlace;
    use std::path::{Path, PathBuf};

    #[test]
    fn the_default_stands_beside_the_data_folder() {
        let beside = |path| RootPlace::beside(Path::new(path)).unwrap();
        assert_eq!(
            beside("a/vault"),
            RootPlace::File(PathBuf::from("a/vault.root"))
        );
        assert_eq!(
            beside("a/vault/"),
            RootPlace::File(PathBuf::from("a/vault.root"))
        );
        let RootPlace::File(here) = beside(".") else {
            panic!("no file");
        };
        assert!(
            !here.starts_with(std::env::current_dir().unwrap()),
            "{here:?}"
        );
        assert!(RootPlace::beside(Path::new("/")).is_err());
    }

    #[test]
    fn a_pkcs11_uri_is_read() {
        let text =
            "pkcs11:token=My%20token;object=k?module-path=/lib/p.so&pin-source=file:/run/pin";
        let expected = RootPlace::Pkcs11 {
            module: PathBuf::from("/lib/p.so"),
            token: "My token".to_owned(),
            object: "k".to_owned(),
            pin: Some(PathBuf::from("/run/pin")),
        };
        assert_eq!(RootPlace::parse(text).unwrap(), expected);
        for wrong in [
            "pkcs11:",
            "pkcs11:token=a;object=b",
            "pkcs11:token=%zz;object=b?module-path=c",
            "pkcs11:token=a;object=b;pin-value=1?module-path=c",
            "credential:",
            "credential:../x",
        ] {
            assert!(RootPlace::parse(wrong).is_err(), "{wrong}");
        }
    }
}
