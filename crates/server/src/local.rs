//! The socket in the data folder: whoever may open it runs the platform, and needs no key (ADR 23).

use crate::roots;
use countenance_core::vault::store::{Store, host};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixListener, UnixStream};

/// The socket's name in the data folder.
pub const SOCKET: &str = "server.sock";

/// Name of the socket over which the store is lent (ADR 46).
pub(crate) const STORE_SOCKET: &str = "server.store";

/// How long an answer over the socket may take: as long as the server itself gives a request, and some more.
const WAIT: Duration = Duration::from_secs(90);
/// How long a connection to somewhere else may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest answer that is read.
const MOST: usize = 64 << 20;

/// Listens on the socket of a data folder, which this process holds: what is there is of one that was killed.
pub(crate) fn listen(folder: &Path, socket: &str) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(socket);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let open = std::fs::File::open(folder)?;
    let listener = UnixListener::bind(short(&open, &path, socket))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The address of a socket has room for 107 bytes: a longer path is named by its open folder.
fn short(folder: &std::fs::File, path: &Path, socket: &str) -> std::path::PathBuf {
    use std::os::fd::AsRawFd as _;
    if path.as_os_str().len() < 100 || !cfg!(target_os = "linux") {
        return path.to_owned();
    }
    Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())).join(socket)
}

/// Whether whoever connected is this very user, or root.
pub(crate) fn is_operator(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let peer = stream.peer_cred();
    peer.is_ok_and(|peer| peer.uid() == 0 || peer.uid() == own)
}

/// Connects to the store of the server that has a data folder, if one runs there: for `LentStore`.
///
/// # Errors
/// [`io::Error`] when there is a socket of a running server that does not let this user in.
pub fn store_of(folder: &Path) -> io::Result<Option<std::os::unix::net::UnixStream>> {
    let path = folder.join(STORE_SOCKET);
    if !path.exists() {
        return Ok(None);
    }
    let open = std::fs::File::open(folder)?;
    match std::os::unix::net::UnixStream::connect(short(&open, &path, STORE_SOCKET)) {
        Ok(stream) => Ok(Some(stream)),
        // A server that was killed leaves its socket behind.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lends a store to whoever connected, until they hang up or the server stops.
pub(crate) async fn lend(
    store: Arc<dyn Store>,
    stream: UnixStream,
    mut closing: tokio::sync::watch::Receiver<()>,
) -> io::Result<()> {
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    let own = stream.try_clone()?;
    let (done, mut ended) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("store".to_owned());
    thread.spawn(move || {
        let _ = done.send(host(&*store, stream));
    })?;
    let ended = tokio::select! {
        ended = &mut ended => ended,
        _ = closing.changed() => {
            // What was asked is answered, and nothing more is read.
            own.shutdown(std::net::Shutdown::Read)?;
            ended.await
        }
    };
    ended.map_err(io::Error::other)?
}

/// Sends requests over a line.
type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

/// Asks the server of a data folder.
#[derive(Debug)]
pub struct Operator {
    runtime: tokio::runtime::Runtime,
    sender: Sender,
    host: String,
    tenant: Option<String>,
}

/// A server of somebody else's.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its name or address, an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The certificates (PEM) of those who vouch for it; without, it is asked in the clear.
    pub roots: Option<std::path::PathBuf>,
}

/// As hosts are named where nobody looks at it.
const LOCAL: &str = "localhost";

/// What the server said.
#[derive(Clone, Debug)]
pub struct Told {
    /// Status of HTTP.
    pub status: u16,
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

/// A line of HTTP over a stream, which is read in the background.
async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<Sender> {
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Operator {
    /// Connects to the server of a data folder, if one runs there. A tenant that is named is the only one meant.
    ///
    /// # Errors
    /// [`io::Error`] when there is a socket of a running server and it does not answer.
    pub fn of(folder: &Path, tenant: Option<&str>) -> io::Result<Option<Self>> {
        let path = folder.join(SOCKET);
        if !path.exists() {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let open = std::fs::File::open(folder)?;
        let connected = runtime.block_on(UnixStream::connect(short(&open, &path, SOCKET)));
        let stream = match connected {
            Ok(stream) => stream,
            // A server that was killed leaves its socket behind.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
            Err(error) => return Err(error),
        };
        let sender = runtime.block_on(handshake(stream))?;
        Ok(Some(Self {
            runtime,
            sender,
            host: LOCAL.to_owned(),
            tenant: tenant.map(str::to_owned),
        }))
    }

    /// Connects to a server of somebody else's: to ask it in its own protocol.
    ///
    /// # Errors
    /// [`io::Error`] when it does not answer, or nobody vouches for it; of [`RootsError`](crate::RootsError) when the certificates do not read.
    pub fn elsewhere(server: &Elsewhere) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let Elsewhere { host, port, roots } = server;
        let connector = roots.as_deref().map(roots::connector).transpose();
        let connector = connector.map_err(io::Error::other)?;
        let connected = async {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            match &connector {
                None => handshake(stream).await,
                Some(connector) => handshake(roots::over(connector, host, stream).await?).await,
            }
        };
        let wait = async { tokio::time::timeout(CONNECT, connected).await };
        let sender = runtime
            .block_on(wait)
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        let bare = host.contains(':');
        let host = if bare {
            format!("[{host}]")
        } else {
            host.clone()
        };
        Ok(Self {
            runtime,
            sender,
            host: format!("{host}:{port}"),
            tenant: None,
        })
    }

    /// Asks.
    ///
    /// # Errors
    /// [`io::Error`] when no answer comes.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> io::Result<Told> {
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("content-type", "application/json");
        if let Some(tenant) = &self.tenant {
            request = request.header(countenance_api::TENANT_HEADER, tenant);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).map_err(io::Error::other)?;
        let sender = &mut self.sender;
        let asked = async move {
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), MOST).collect().await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Told {
                status,
                body: body.to_bytes().to_vec(),
            })
        };
        let told = self
            .runtime
            .block_on(async { tokio::time::timeout(WAIT, asked).await });
        match told {
            Ok(told) => told.map_err(io::Error::other),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
