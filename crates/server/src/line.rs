//! A connection as the server holds it: an answer has to be taken in time, and a connection that ends while more is
//! coming ends so that its last answer arrives.

use axum::Router;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long is read, and thrown away, of what a client still sends that was refused.
const LINGER: Duration = Duration::from_secs(30);
/// How long nothing may come meanwhile.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether something of a request was not read.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<AtomicBool>);

impl Unread {
    fn set(&self, is_unread: bool) {
        self.0.store(is_unread, Ordering::Relaxed);
    }

    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection.
///
/// What is written has to be taken within the patience, all of it: a client that asks and does not read, or reads a
/// byte now and then, is let go. And closing a socket in which something is unread resets it, which takes the answer
/// from a client that is still sending: so the sending half is closed, and what comes is thrown away for a while
/// (RFC 9112, section 9.6).
pub(crate) struct Line<S> {
    socket: S,
    patience: Duration,
    /// Since when something waits to be taken.
    waiting: Option<Pin<Box<Sleep>>>,
    unread: Unread,
    lingering: Option<Lingering>,
    most_thrown_away: usize,
}

/// While what still comes is thrown away.
struct Lingering {
    end: Pin<Box<Sleep>>,
    pause: Pin<Box<Sleep>>,
    /// Bytes that may still come.
    left: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(crate) fn new(
        socket: S,
        unread: Unread,
        patience: Duration,
        most_thrown_away: usize,
    ) -> Self {
        Self {
            socket,
            patience,
            waiting: None,
            unread,
            lingering: None,
            most_thrown_away,
        }
    }

    /// What came of writing, or that it took too long.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_pending() {
            let patience = self.patience;
            let waiting = self
                .waiting
                .get_or_insert_with(|| Box::pin(sleep(patience)));
            if waiting.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        done
    }

    /// Reads what still comes until the client has said all, or enough was waited for.
    fn throw_away(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let most = self.most_thrown_away;
        let Lingering { end, pause, left } = self.lingering.get_or_insert_with(|| Lingering {
            end: Box::pin(sleep(LINGER)),
            pause: Box::pin(sleep(PAUSE)),
            left: most,
        });
        let mut room = [0; 8192];
        while *left > 0
            && end.as_mut().poll(context).is_pending()
            && pause.as_mut().poll(context).is_pending()
        {
            let mut read = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.socket).poll_read(context, &mut read)) {
                Ok(()) if !read.filled().is_empty() => {
                    *left = left.saturating_sub(read.filled().len());
                    pause.as_mut().reset(Instant::now() + PAUSE);
                }
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        read: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, read)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        if flushed.is_ready() {
            // Nothing waits: it is flushed when all was written.
            self.waiting = None;
        }
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.socket).poll_shutdown(context);
            ready!(self.in_time(context, shut))?;
        }
        if self.unread.is() {
            ready!(self.throw_away(context));
        }
        Poll::Ready(Ok(()))
    }
}

/// A body that says when all of it was read.
pub(crate) struct Watched {
    body: Incoming,
    unread: Unread,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The routes, for one connection.
pub(crate) struct Visitor {
    routes: TowerToHyperService<Router>,
    unread: Unread,
}

impl Visitor {
    pub(crate) fn new(routes: TowerToHyperService<Router>, unread: Unread) -> Self {
        Self { routes, unread }
    }
}

impl Service<Request<Incoming>> for Visitor {
    type Response = Response<axum::body::Body>;
    type Error = std::convert::Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Watched>>>::Future;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.unread.set(!request.body().is_end_stream());
        self.routes.call(request.map(|body| Watched {
            body,
            unread: self.unread.clone(),
        }))
    }
}
