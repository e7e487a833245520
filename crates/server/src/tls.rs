//! TLS with the operator's certificate, read anew when its files change or a hangup is signaled.

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that lead to a known one, in PEM.
    pub certificates: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// The certificate or its key cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file does not read.
    #[error("{path} is not read", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A file has no certificate in it.
    #[error("{path} has no certificate", path = path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// Key and certificate do not belong together, or are of a kind that is not taken.
    #[error("certificate and key cannot be used")]
    Refused(#[from] rustls::Error),
}

/// TLS as it is now.
pub(crate) struct Tls {
    files: TlsFiles,
    now: RwLock<(Arc<ServerConfig>, [Option<SystemTime>; 2])>,
}

impl Tls {
    pub(crate) fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let changed = changed(&files);
        let config = Arc::new(config(&files)?);
        Ok(Self {
            files,
            now: RwLock::new((config, changed)),
        })
    }

    /// What the next connection is accepted with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&now.0))
    }

    /// Reads the files anew if they have changed, or in any case. What does not read changes nothing.
    pub(crate) fn renew(&self, in_any_case: bool) {
        let changed = changed(&self.files);
        let before = self.now.read().unwrap_or_else(PoisonError::into_inner).1;
        if !in_any_case && changed == before {
            return;
        }
        let fresh = config(&self.files);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        // A file that does not read is tried again when it changes again.
        now.1 = changed;
        match fresh {
            Ok(config) => {
                now.0 = Arc::new(config);
                tracing::info!("the certificate was read anew");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate was not read anew: the one before is kept");
            }
        }
    }
}

fn changed(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    [&files.certificates, &files.key].map(|path| std::fs::metadata(path).ok()?.modified().ok())
}

fn config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificates)
        .and_then(Iterator::collect)
        .map_err(failed(&files.certificates))?;
    let chain: Vec<CertificateDer<'static>> = chain;
    if chain.is_empty() {
        return Err(TlsError::Empty {
            path: files.certificates.clone(),
        });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(failed(&files.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
