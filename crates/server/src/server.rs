//! The listening sockets and the life of the server.

use crate::authenticate::FromOperator;
use crate::config::Config;
use crate::line::{Line, Unread, Visitor};
use crate::local;
use crate::platform::{Parts, Platform};
use crate::router::router;
use crate::tls::{Tls, TlsError, TlsFiles};
use axum::{Extension, Router};
use countenance_core::vault::store::Store;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{interval, timeout};

/// How long to wait before accepting again when the system has no more descriptors.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the files of a certificate are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// How often sessions that are over are let go of.
const SWEEP: Duration = Duration::from_secs(5);
/// Connections of the operator at one time.
const OPERATORS: usize = 32;
/// Commands on the data folder at one time.
const BORROWERS: usize = 8;

/// Where a server listens.
#[derive(Clone)]
pub struct Listen {
    /// The address for everybody.
    pub address: SocketAddr,
    /// With TLS, if there is a certificate.
    pub tls: Option<TlsFiles>,
    /// The data folder, for the operator's sockets in it.
    pub folder: Option<PathBuf>,
    /// The store that is lent to commands on that folder.
    pub store: Option<Arc<dyn Store>>,
}

impl Listen {
    /// Without TLS, and without a socket for the operator.
    #[must_use]
    pub fn on(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            folder: None,
            store: None,
        }
    }
}

/// The server cannot be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A worker or another part cannot be made.
    #[error("server cannot be made")]
    Make(#[source] Box<dyn Error + Send + Sync>),
    /// The operator's socket cannot be made.
    #[error("no socket in {folder}", folder = folder.display())]
    Socket {
        /// The data folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Threads or signals are not to be had.
    #[error("server cannot run")]
    Run(#[source] std::io::Error),
}

/// A server that listens and can be run.
pub struct Server {
    runtime: Runtime,
    sockets: Sockets,
    address: SocketAddr,
    platform: Platform,
    ends: Ends,
    stop: Stop,
}

/// The signals that end it, heard from the moment it listens: whoever is told that it runs may end it at once.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    fn listen() -> Result<Self, ServeError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(ServeError::Run)?,
            interrupt: signal(SignalKind::interrupt()).map_err(ServeError::Run)?,
        })
    }
}

/// What connections come from.
struct Sockets {
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    operator: Option<(UnixListener, PathBuf)>,
    lending: Option<(UnixListener, Arc<dyn Store>)>,
}

/// Stops a server from outside.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Notify>);

impl Stop {
    /// Lets the server finish what it accepted, and end.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// Whether an address can be listened on, to be asked before anything is made for a server there.
    ///
    /// # Errors
    /// [`ServeError::Listen`] when it is taken or none of this machine's.
    pub fn can_listen(address: SocketAddr) -> Result<(), ServeError> {
        let bound = std::net::TcpListener::bind(address);
        bound
            .map(drop)
            .map_err(|source| ServeError::Listen { address, source })
    }

    /// Plans the networks of all workers and listens. Nothing is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// [`ServeError`] when the address is taken, a certificate does not read or a part cannot be made.
    pub fn bind(listen: Listen, parts: Parts, config: Config) -> Result<Self, ServeError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(config.workers.clamp(1, 8))
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Run)?;
        let address = listen.address;
        let failed = |source| ServeError::Listen { address, source };
        let tls = listen.tls.map(Tls::open).transpose()?.map(Arc::new);
        let listener = runtime
            .block_on(TcpListener::bind(address))
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let inside = runtime.enter();
        let bound = |folder: &PathBuf, socket| {
            local::listen(folder, socket).map_err(|source| ServeError::Socket {
                folder: folder.clone(),
                source,
            })
        };
        let lending = match (&listen.folder, listen.store) {
            (Some(folder), Some(store)) => Some((bound(folder, local::STORE_SOCKET)?, store)),
            _ => None,
        };
        let operator = match listen.folder {
            None => None,
            Some(folder) => Some((bound(&folder, local::SOCKET)?, folder)),
        };
        let ends = Ends::listen()?;
        drop(inside);
        let platform = Platform::new(parts, config).map_err(ServeError::Make)?;
        Ok(Self {
            runtime,
            sockets: Sockets {
                listener,
                tls,
                operator,
                lending,
            },
            address,
            platform,
            ends,
            stop: Stop::default(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until SIGINT, SIGTERM or [`Stop::stop`], and then finishes what it accepted.
    ///
    /// # Errors
    /// [`ServeError::Run`] when the signal that renews a certificate is not to be had.
    pub fn run(self) -> Result<(), ServeError> {
        let Self {
            runtime,
            sockets,
            platform,
            mut ends,
            stop,
            ..
        } = self;
        // Connections to a database may not be closed from within the runtime: the last hold on them ends after it.
        let last = platform.clone();
        let served = runtime.block_on(async move {
            if let Some(tls) = sockets.tls.clone() {
                let hangup = signal(SignalKind::hangup()).map_err(ServeError::Run)?;
                tokio::spawn(renew(tls, hangup));
            }
            let end = async {
                tokio::select! {
                    _ = ends.terminate.recv() => {}
                    _ = ends.interrupt.recv() => {}
                    () = stop.0.notified() => {}
                }
            };
            serve(&sockets, &platform, end).await;
            Ok(())
        });
        drop(runtime);
        drop(last);
        served
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Reads the certificate anew when a hangup is signaled or its files have changed.
async fn renew(tls: Arc<Tls>, mut hangup: Signal) {
    let mut look = interval(LOOK);
    loop {
        let in_any_case = tokio::select! {
            signaled = hangup.recv() => signaled.is_some(),
            _ = look.tick() => false,
        };
        let tls = Arc::clone(&tls);
        let _ = tokio::task::spawn_blocking(move || tls.renew(in_any_case)).await;
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Door {
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    answer_timeout: Duration,
    most_thrown_away: usize,
}

impl Door {
    fn new(router: Router, config: &Config) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_headers(64)
            .max_buf_size(64 << 10);
        Self {
            http,
            service: TowerToHyperService::new(router),
            answer_timeout: config.answer_timeout,
            // A client may have begun a body far above the limit, and is to read why it is refused.
            most_thrown_away: config.max_body_bytes.saturating_mul(4),
        }
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut closing: watch::Receiver<()>,
    ) {
        let unread = Unread::default();
        let line = Line::new(
            stream,
            unread.clone(),
            self.answer_timeout,
            self.most_thrown_away,
        );
        let visitor = Visitor::new(self.service, unread);
        let connection = self
            .http
            .serve_connection(TokioIo::new(line), visitor)
            .with_upgrades();
        // How a connection ends is the client's affair: what matters was logged with its request.
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            // What was accepted is answered, and then the connection closes.
            _ = closing.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

async fn serve(sockets: &Sockets, platform: &Platform, end: impl Future<Output = ()>) {
    let config = &platform.config;
    // Each connection has a receiver: it hears that the server stops, and when the last is gone all have ended.
    let (closing, _) = watch::channel(());
    let routes = router(platform.clone());
    let everybody = Door::new(routes.clone(), config);
    let operators = Door::new(routes.layer(Extension(FromOperator)), config);
    let public = accept_public(sockets, everybody, config, &closing);
    let own = accept_operators(sockets, operators, &closing);
    let borrowers = accept_borrowers(sockets, &closing);
    tokio::select! {
        () = end => {}
        () = public => {}
        () = own => {}
        () = borrowers => {}
        () = sweep(platform) => {}
    }
    platform.sessions.end();
    tracing::info!("stopping: no more connections are accepted");
    closing.send_replace(());
    if timeout(config.drain_timeout, closing.closed())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
    if let Some((_, folder)) = &sockets.operator {
        for socket in [local::SOCKET, local::STORE_SOCKET] {
            let _ = std::fs::remove_file(folder.join(socket));
        }
    }
}

/// Lets go of sessions and links that are over, though nobody asks for them any more.
async fn sweep(platform: &Platform) {
    let mut tick = interval(SWEEP);
    loop {
        tick.tick().await;
        for left in platform.sessions.sweep() {
            left.leave().await;
        }
        platform.consent_links.sweep(platform.sessions.now());
    }
}

async fn accept_public(
    sockets: &Sockets,
    door: Door,
    config: &Config,
    closing: &watch::Sender<()>,
) {
    let places = Arc::new(Semaphore::new(config.max_connections.max(1)));
    loop {
        let accepted = accepted(&places, sockets.listener.accept()).await;
        let Some(((stream, _), place)) = accepted else {
            continue;
        };
        // Answers are small and are written at once.
        let _ = stream.set_nodelay(true);
        let (door, heard) = (door.clone(), closing.subscribe());
        let (acceptor, patience) = (
            sockets.tls.as_ref().map(|tls| tls.acceptor()),
            config.header_timeout,
        );
        tokio::spawn(async move {
            match acceptor {
                None => door.serve(stream, heard).await,
                Some(acceptor) => match timeout(patience, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => door.serve(stream, heard).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                },
            }
            drop(place);
        });
    }
}

async fn accept_operators(sockets: &Sockets, door: Door, closing: &watch::Sender<()>) {
    let Some((listener, _)) = &sockets.operator else {
        return std::future::pending().await;
    };
    let places = Arc::new(Semaphore::new(OPERATORS));
    loop {
        let accepted = accepted(&places, listener.accept()).await;
        let Some(((stream, _), place)) = accepted else {
            continue;
        };
        if !local::is_operator(&stream) {
            tracing::warn!("another user tried the operator's socket");
            continue;
        }
        let (door, heard) = (door.clone(), closing.subscribe());
        tokio::spawn(async move {
            door.serve(stream, heard).await;
            drop(place);
        });
    }
}

async fn accept_borrowers(sockets: &Sockets, closing: &watch::Sender<()>) {
    let Some((listener, store)) = &sockets.lending else {
        return std::future::pending().await;
    };
    let places = Arc::new(Semaphore::new(BORROWERS));
    loop {
        let accepted = accepted(&places, listener.accept()).await;
        let Some(((stream, _), place)) = accepted else {
            continue;
        };
        if !local::is_operator(&stream) {
            tracing::warn!("another user tried to borrow the store");
            continue;
        }
        let (store, heard) = (Arc::clone(store), closing.subscribe());
        tokio::spawn(async move {
            if let Err(error) = local::lend(store, stream, heard).await {
                tracing::debug!(%error, "a command broke off");
            }
            drop(place);
        });
    }
}

async fn accepted<T>(
    places: &Arc<Semaphore>,
    accept: impl Future<Output = std::io::Result<T>>,
) -> Option<(T, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match accept.await {
        Ok(accepted) => Some((accepted, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}
