//! Whose word is taken for a server that this one, or a command, connects to with TLS.

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Certificates of those who vouch for servers cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootsError {
    /// The certificates do not read.
    #[error("{path} is not read", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// There is none among them that can vouch.
    #[error("{path} has no certificate that can vouch for a server", path = path.display())]
    Nobody {
        /// Which file.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be used")]
    Tls(#[from] rustls::Error),
}

/// Connects to those for whom a certificate in a file (PEM) vouches.
pub(crate) fn connector(path: &Path) -> Result<TlsConnector, RootsError> {
    let failed = |source| RootsError::Read {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
        // A bundle may have certificates that this library does not take: the others do.
        let _ = roots.add(certificate.map_err(failed)?);
    }
    if roots.is_empty() {
        let path = path.to_owned();
        return Err(RootsError::Nobody { path });
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// TLS over a connection, if the certificate of whoever is at its end is of this host.
pub(crate) async fn over(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    connector.connect(name, stream).await
}
