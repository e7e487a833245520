//! Results sent to where the relying party wants them: addresses that the operator allows, and no others.

use super::{Held, claims};
use crate::platform::Platform;
use crate::roots::{self, RootsError};
use axum::body::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

/// Before each try, so long. All lie within the minute that a result holds.
const WAITS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(12),
];
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// Bytes of an address at most.
const MOST: usize = 1000;

/// Where results may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Addresses: `https://host/path`. What begins with one of them, up to a `/`, is allowed. Without any, nothing is sent.
    pub targets: Vec<String>,
    /// Whether a target may be in a private network, and without TLS.
    pub private: bool,
    /// The certificates of those who vouch for targets, in PEM.
    pub roots: Option<PathBuf>,
}

/// The settings of webhooks cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// An address is none.
    #[error("webhook target {target} is no address as https://host/path")]
    Address {
        /// As it was given.
        target: String,
    },
    /// The certificates of those who vouch for targets cannot be used.
    #[error("the roots of webhooks")]
    Roots(#[from] RootsError),
}

/// Where one result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    is_tls: bool,
    host: String,
    port: u16,
    path: String,
}

/// What is allowed, read once.
pub(crate) struct Targets {
    allowed: Vec<Target>,
    private: bool,
    tls: Option<TlsConnector>,
}

/// A result was not received.
#[derive(Debug, Error)]
enum SendError {
    #[error("address is in a private network")]
    Private,
    #[error("name has no address")]
    NoAddress,
    #[error("host is no name")]
    Name,
    #[error("took too long")]
    Time,
    #[error("answered with status {0}")]
    Status(u16),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Request(#[from] hyper::http::Error),
}

impl Target {
    fn read(text: &str) -> Option<Self> {
        let plain = text.len() <= MOST && text.bytes().all(|byte| byte.is_ascii_graphic());
        // Whatever two readers could take for different paths or hosts is refused.
        let doubtful = [
            "..", "\\", "@", "#", "%2e", "%2E", "%2f", "%2F", "%5c", "%5C",
        ];
        if !plain || doubtful.iter().any(|one| text.contains(one)) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = uri.host()?.to_ascii_lowercase();
        let usual = if is_tls { 443 } else { 80 };
        Some(Self {
            is_tls,
            host: (!host.is_empty()).then_some(host)?,
            port: uri.port_u16().unwrap_or(usual),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }

    /// Whether an address lies under this one.
    fn covers(&self, other: &Self) -> bool {
        let same =
            self.is_tls == other.is_tls && self.host == other.host && self.port == other.port;
        let rest = other.path.strip_prefix(&self.path);
        let under = |rest: &str| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with(['/', '?'])
        };
        same && rest.is_some_and(under)
    }

    /// The host without the brackets of an IPv6 address.
    fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl Targets {
    pub(crate) fn new(config: &WebhookConfig) -> Result<Self, TargetError> {
        let mut allowed = Vec::new();
        for text in &config.targets {
            let target = Target::read(text).filter(|target| target.is_tls || config.private);
            allowed.push(target.ok_or_else(|| TargetError::Address {
                target: text.clone(),
            })?);
        }
        let tls = match &config.roots {
            Some(path) => Some(roots::connector(path)?),
            None => None,
        };
        Ok(Self {
            allowed,
            private: config.private,
            tls,
        })
    }

    /// The target that an address names, if it is allowed.
    pub(crate) fn find(&self, text: &str) -> Result<Target, &'static str> {
        let target = Target::read(text).ok_or("is no address that can be taken")?;
        let allowed = self.allowed.iter().any(|allowed| allowed.covers(&target));
        allowed
            .then_some(target)
            .ok_or("is none that the settings of the server allow")
    }
}

/// Sends the result of a session that was judged, where that was asked for.
pub(super) fn send_if_asked(platform: &Platform, held: &Arc<Held>) {
    if held.asked.webhook.is_some() {
        tokio::spawn(send(platform.clone(), Arc::clone(held)));
    }
}

async fn send(platform: Platform, held: Arc<Held>) {
    let Some(target) = &held.asked.webhook else {
        return;
    };
    for wait in WAITS {
        sleep(wait).await;
        let Ok(Some((result, _))) = claims::take(&platform, &held) else {
            return;
        };
        let body = serde_json::json!({
            "type": "session.judged",
            "session": held.id,
            "result": result,
        });
        let sent = timeout(PATIENCE, post(&platform.targets, target, body.to_string())).await;
        match sent.unwrap_or(Err(SendError::Time)) {
            Ok(()) => return,
            // Neither who it was about nor where it went stands in the log.
            Err(error) => tracing::warn!(%error, "a result was not received"),
        }
    }
}

async fn post(targets: &Targets, target: &Target, body: String) -> Result<(), SendError> {
    // The name is resolved once, and the connection goes to what was looked at: a name that says something else a moment
    // later changes nothing.
    let found: Vec<SocketAddr> = lookup_host((target.name(), target.port)).await?.collect();
    if !targets.private && !found.iter().all(|address| is_public(address.ip())) {
        return Err(SendError::Private);
    }
    let address = found.first().ok_or(SendError::NoAddress)?;
    let stream = TcpStream::connect(address).await?;
    match (&targets.tls, target.is_tls) {
        (Some(connector), true) => {
            let stream = roots::over(connector, target.name(), stream).await?;
            exchange(stream, target, body).await
        }
        (None, true) => Err(SendError::Name),
        (_, false) => exchange(stream, target, body).await,
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
    body: String,
) -> Result<(), SendError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::post(&target.path)
        .header(HOST, format!("{}:{}", target.host, target.port))
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "countenance")
        .body(Full::new(Bytes::from(body)))?;
    let running = tokio::spawn(connection);
    // Only the status counts, and a redirect is none that does.
    let answered = sender.send_request(request).await;
    running.abort();
    let status = answered?.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(SendError::Status(status.as_u16()))
    }
}

/// Whether an address is one of the public internet, as far as the registries of special addresses say (RFC 6890 and its
/// successors): whatever is embedded in another one is looked at itself.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224.., ..)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, _, _] = address.segments();
    let bytes = address.octets();
    let embedded = |at: usize| {
        let four = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
        four.is_some_and(|four| is_public_v4(Ipv4Addr::from(*four)))
    };
    match (a, b) {
        // IPv4 in IPv6: mapped, translated, 6to4.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => embedded(12),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => embedded(12),
        (0x2002, _) => embedded(2),
        // Teredo, benchmarks, documentation and other special uses of 2001::/23.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Of the rest only 2000::/3 is handed out.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
#[allow(
    clippy::expect_used,
    reason = "a test that fails should say so where it fails"
)]
mod tests {
    use super::*;

    fn targets(allowed: &[&str]) -> Targets {
        Targets::new(&WebhookConfig {
            targets: allowed.iter().map(|text| (*text).to_owned()).collect(),
            ..WebhookConfig::default()
        })
        .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn only_what_lies_under_an_allowed_address_is_one() {
        let targets = targets(&["https://shop.example/hooks", "https://other.example:8443/"]);
        for good in [
            "https://shop.example/hooks",
            "https://SHOP.example/hooks/a?b=c",
            "https://shop.example:443/hooks?x",
            "https://other.example:8443/anything",
        ] {
            assert!(targets.find(good).is_ok(), "{good}");
        }
        for bad in [
            "http://shop.example/hooks",
            "https://shop.example/",
            "https://shop.example/hooksandmore",
            "https://shop.example/hooks/../admin",
            "https://shop.example/hooks/%2e%2e/admin",
            "https://shop.example/hooks/..%2fadmin",
            "https://shop.example@evil.example/hooks",
            "https://evil.example#shop.example/hooks",
            "https://shop.example.evil.example/hooks",
            "https://shop.example:444/hooks",
            "https://other.example/anything",
            "//shop.example/hooks",
            "/hooks",
            "ftp://shop.example/hooks",
            "https://shop.example/hooks\\..\\admin",
            "https://shop.example/hooks /x",
            "",
        ] {
            assert!(targets.find(bad).is_err(), "{bad}");
        }
        assert!(
            Targets::new(&WebhookConfig::default())
                .is_ok_and(|none| none.find("https://shop.example/").is_err())
        );
    }

    #[test]
    fn an_allowed_address_without_tls_needs_leave() {
        let config = |private| WebhookConfig {
            targets: vec!["http://inside.example/".to_owned()],
            private,
            roots: None,
        };
        assert!(Targets::new(&config(false)).is_err());
        assert!(Targets::new(&config(true)).is_ok());
    }

    #[test]
    fn no_special_address_is_public() {
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            let address = special
                .parse()
                .unwrap_or_else(|error| panic!("{special}: {error}"));
            assert!(!is_public(address), "{special}");
        }
        // The control.
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::",
        ] {
            let address = public
                .parse()
                .unwrap_or_else(|error| panic!("{public}: {error}"));
            assert!(is_public(address), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let listener =
            std::net::TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("{error}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        listener
            .set_nonblocking(true)
            .unwrap_or_else(|error| panic!("{error}"));
        // As if it had been allowed by name: what counts is where the name leads.
        let target = Target {
            is_tls: false,
            host: "localhost".to_owned(),
            port,
            path: "/".to_owned(),
        };
        let sent = post(&targets(&[]), &target, String::new()).await;
        assert!(matches!(sent, Err(SendError::Private)), "{sent:?}");
        assert!(listener.accept().is_err(), "somebody connected");
    }

    /// A receiver on this machine with a certificate for a name: its port, its certificate in PEM, and what it received.
    async fn receiver(name: &str) -> (u16, String, tokio::task::JoinHandle<Option<String>>) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_der();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![made.cert.der().clone()],
                rustls::pki_types::PrivatePkcs8KeyDer::from(key).into(),
            )
            .expect("a key");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let (stream, _) = listener.accept().await.ok()?;
            let mut stream = acceptor.accept(stream).await.ok()?;
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"}") {
                let count = stream.read_buf(&mut bytes).await.ok()?;
                if count == 0 {
                    return None;
                }
            }
            let answer = b"HTTP/1.1 204 Received\r\n\r\n";
            stream.write_all(answer).await.ok()?;
            stream.flush().await.ok()?;
            String::from_utf8(bytes).ok()
        });
        (port, made.cert.pem(), received)
    }

    #[tokio::test]
    async fn over_tls_only_who_is_vouched_for_under_that_name_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let roots = folder.path().join("roots.pem");
        let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let stranger = stranger.expect("a certificate").cert.pem();
        for (name, vouched, told) in [
            ("localhost", true, true),
            ("localhost", false, false),
            ("elsewhere.example", true, false),
        ] {
            let (port, certificate, received) = receiver(name).await;
            let known = if vouched { &certificate } else { &stranger };
            std::fs::write(&roots, known).expect("written");
            let address = format!("https://localhost:{port}/hook");
            let targets = Targets::new(&WebhookConfig {
                targets: vec![address.clone()],
                private: true,
                roots: Some(roots.clone()),
            });
            let targets = targets.expect("targets");
            let target = targets.find(&address).expect("allowed");
            let sent = post(&targets, &target, "{}".to_owned()).await;
            assert_eq!(sent.is_ok(), told, "{name} {vouched}: {sent:?}");
            let received = received.await.expect("a receiver");
            assert_eq!(received.is_some(), told, "{name} {vouched}: {received:?}");
            if let Some(request) = received {
                assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
            }
        }
    }
}
