//! The listening socket and the life of the server.

use crate::config::Config;
use crate::platform::{Parts, Platform};
use crate::router::router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long to wait before accepting again when the system has no more descriptors.
const PAUSE: Duration = Duration::from_millis(50);

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
    /// Threads or signals are not to be had.
    #[error("server cannot run")]
    Run(#[source] std::io::Error),
}

/// A server that listens and can be run.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    platform: Platform,
    stop: Stop,
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
    /// Plans the networks of all workers and listens. Nothing is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// [`ServeError`] when the address is taken or a part cannot be made.
    pub fn bind(address: SocketAddr, parts: Parts, config: Config) -> Result<Self, ServeError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(config.workers.clamp(1, 8))
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Run)?;
        let failed = |source| ServeError::Listen { address, source };
        let listener = runtime
            .block_on(TcpListener::bind(address))
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let platform = Platform::new(parts, config).map_err(ServeError::Make)?;
        let stop = Stop::default();
        Ok(Self {
            runtime,
            listener,
            address,
            platform,
            stop,
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
    /// [`ServeError::Run`] when signals are not to be had.
    pub fn run(self) -> Result<(), ServeError> {
        let Self {
            runtime,
            listener,
            platform,
            stop,
            ..
        } = self;
        runtime.block_on(async move {
            let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Run)?;
            let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Run)?;
            let end = async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = stop.0.notified() => {}
                }
            };
            serve(&listener, &platform, end).await;
            Ok(())
        })
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn serve(listener: &TcpListener, platform: &Platform, end: impl Future<Output = ()>) {
    let config = &platform.config;
    let service = TowerToHyperService::new(router(platform.clone()));
    let connections = Arc::new(Semaphore::new(config.max_connections.max(1)));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_headers(64)
        .max_buf_size(64 << 10);
    let mut end = std::pin::pin!(end);
    loop {
        let (stream, place) = tokio::select! {
            () = &mut end => break,
            accepted = accept(listener, &connections) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
        };
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // How a connection ends is the client's affair: what matters was logged with its request.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    tracing::info!("stopping: no more connections are accepted");
    if tokio::time::timeout(config.drain_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are small and are written at once.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}
