//! What a call works on: the people, the keys with what is kept beside them, and the clock.

use super::fault::Fault;
use crate::keys::KeyStore;
use crate::platform::{Platform, Shared};
use countenance_core::{Registry, WallClock};
use std::sync::{Arc, Mutex};

/// Shared by all calls; cheap to clone. A worker's job holds these and never the pool that it runs in.
#[derive(Clone)]
pub(super) struct Books {
    pub(super) registry: Arc<Registry>,
    pub(super) keys: KeyStore,
    pub(super) clock: Arc<dyn WallClock>,
    /// Held while a subject joins a collection that has room for one more.
    pub(super) joining: Arc<Mutex<()>>,
}

impl Books {
    pub(super) fn of(shared: &Shared) -> Self {
        Self {
            registry: Arc::clone(&shared.registry),
            keys: shared.keys.clone(),
            clock: Arc::clone(&shared.clock),
            joining: Arc::clone(&shared.joining),
        }
    }
}

/// Work on the vault alone. Once begun it is finished, whoever waits for it.
pub(super) async fn keep<T: Send + 'static>(
    platform: &Platform,
    work: impl FnOnce(&Books) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    platform
        .keep(move |shared| Ok(work(&Books::of(shared))))
        .await?
}
