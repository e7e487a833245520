//! For whom device keys are made, and on which pages they are asked for.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Bytes of the longest name of a host.
const MOST: usize = 253;
/// The one host whose pages may come without TLS: a browser takes it for safe, too.
const LOCAL: &str = "localhost";

/// For whom device keys are made (a host), and the origins of the pages that may ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origins: Vec<String>,
}

/// A relying party cannot be this.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelyingPartyError {
    /// The name is none of a host.
    #[error(
        "`{name}` is no name of a host in lower case, without scheme and port, such as pay.example"
    )]
    Id {
        /// The name.
        name: String,
    },
    /// An origin is none, or another host's.
    #[error("`{origin}` is no origin of {id} or of a host under it, such as https://{id}")]
    Origin {
        /// The origin.
        origin: String,
        /// The relying party.
        id: String,
    },
    /// There is no origin.
    #[error("there is no origin on which keys could be asked for")]
    NoOrigin,
}

fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(of_name)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Addresses in numbers are no relying parties.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= MOST && name.split('.').all(is_label) && !is_number
}

fn is_port(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain && text.parse::<u16>().is_ok()
}

impl RelyingParty {
    /// Of this host, asked for on pages of these origins; of `https://` and the host where none is named.
    ///
    /// # Errors
    /// [`RelyingPartyError`] naming what does not do.
    pub fn new(id: &str, origins: &[&str]) -> Result<Self, RelyingPartyError> {
        if !is_host(id) {
            let name = id.to_owned();
            return Err(RelyingPartyError::Id { name });
        }
        let usual = format!("https://{id}");
        let named = match origins {
            [] if id == LOCAL => return Err(RelyingPartyError::NoOrigin),
            [] => vec![usual.as_str()],
            named => named.to_vec(),
        };
        let read = |origin: &&str| {
            let fits = Self::is_origin(id, origin);
            fits.then(|| (*origin).to_owned())
                .ok_or_else(|| RelyingPartyError::Origin {
                    origin: (*origin).to_owned(),
                    id: id.to_owned(),
                })
        };
        Ok(Self {
            id: id.to_owned(),
            origins: named.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    fn is_origin(id: &str, origin: &str) -> bool {
        let (host, secure) = match (
            origin.strip_prefix("https://"),
            origin.strip_prefix("http://"),
        ) {
            (Some(host), _) => (host, true),
            (None, Some(host)) => (host, false),
            (None, None) => return false,
        };
        let (host, port) = match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        };
        let under = host
            .strip_suffix(id)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'));
        is_host(host) && under && port.is_none_or(is_port) && (secure || host == LOCAL)
    }

    /// The host.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The origins.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    pub(super) fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|one| one == origin)
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.id).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{RelyingParty, RelyingPartyError};

    #[test]
    fn a_relying_party_is_a_host_and_its_pages_are_under_it() {
        let one = RelyingParty::new("pay.example", &[]).unwrap();
        assert_eq!(one.origins(), ["https://pay.example"]);
        assert!(one.allows("https://pay.example"));
        assert!(!one.allows("https://pay.example:8443"));
        let named = ["https://till.pay.example", "https://pay.example:8443"];
        let two = RelyingParty::new("pay.example", &named).unwrap();
        assert!(two.allows("https://till.pay.example"));
        assert!(!two.allows("https://pay.example"), "only what is named");
        assert!(RelyingParty::new("localhost", &["http://localhost:7300"]).is_ok());
    }

    #[test]
    fn what_no_browser_would_take_is_refused_by_name() {
        for id in [
            "",
            "Pay.example",
            "https://pay.example",
            "pay.example:80",
            "pay..example",
            "-a.example",
            "10.0.0.1",
            "a b",
        ] {
            let error = RelyingParty::new(id, &[]).unwrap_err();
            assert_eq!(
                error,
                RelyingPartyError::Id {
                    name: id.to_owned()
                },
                "{id}"
            );
        }
        for origin in [
            "pay.example",
            "http://pay.example",
            "https://notpay.example",
            "https://pay.example.evil",
            "https://pay.example/",
            "https://pay.example:0",
            "https://pay.example:99999",
            "https://pay.example:",
            "null",
            "https://",
        ] {
            let error = RelyingParty::new("pay.example", &[origin]).unwrap_err();
            assert!(
                matches!(error, RelyingPartyError::Origin { .. }),
                "{origin}"
            );
        }
        assert_eq!(
            RelyingParty::new("localhost", &[]).unwrap_err(),
            RelyingPartyError::NoOrigin
        );
    }
}
