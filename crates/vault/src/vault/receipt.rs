//! Whether what a receipt says of an erasure still holds in this vault.

use super::Vault;
use crate::error::{ReceiptFault, VaultError};
use crate::event::{self, EventKind};
use crate::merkle::TILE;
use crate::signed::EraseReceipt;
use crate::store::{Half, Row};

/// Rows read at once.
const PAGE: u32 = 1000;

impl Vault {
    /// Holds a receipt against this vault: neither keyring nor data have anything of its key, the
    /// deletion ledger names it, and the log has its tree and its event. A signature alone says what
    /// was true once; a vault that was restored since may have the person again.
    ///
    /// # Errors
    /// [`VaultError::Receipt`] saying what does not hold; others when the store fails.
    pub fn check_receipt(&self, receipt: &EraseReceipt) -> Result<(), VaultError> {
        let key_id = receipt.key_id.0;
        let mut after = 0;
        loop {
            let rows = self.store.keys(after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            if let Some(row) = rows.iter().find(|row| row.key_id == key_id) {
                let number = row.number;
                return Err(ReceiptFault::Key { number }.into());
            }
        }
        let mut after = 0;
        loop {
            let rows = self.store.subjects(None, after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            if let Some(row) = rows.iter().find(|row| row.key_id == key_id) {
                let number = row.number;
                return Err(ReceiptFault::Subject { number }.into());
            }
        }
        let mut listed = false;
        self.store.snapshot(Half::Deletions, &mut |row| {
            if let Row::DeletionRow(row) = row {
                listed |= row.key_id == key_id;
            }
            Ok(())
        })?;
        if !listed {
            return Err(ReceiptFault::Ledger.into());
        }
        self.check_receipts_leaf(receipt)
    }

    fn check_receipts_leaf(&self, receipt: &EraseReceipt) -> Result<(), VaultError> {
        let leaf = receipt.leaf;
        let elsewhere = VaultError::from(ReceiptFault::Tree { leaf });
        let within = leaf < receipt.size && receipt.size <= self.audit_size()?;
        if !within || self.root_at(receipt.size)? != receipt.root {
            return Err(elsewhere);
        }
        let hash = self.leaf_hash_at(leaf)?;
        let page = self.store.log(leaf / TILE, 1)?;
        let row = page.events.iter().find(|row| row.sequence == leaf);
        let Some(row) = row.filter(|row| self.keys.log.stands_for(row, &hash)) else {
            return Err(elsewhere);
        };
        // By the key of the tenant, or the vault's where the receipt was given again.
        let mut keys = vec![self.keys.audit.clone()];
        keys.extend(self.known().tenants.values().map(|one| one.audit.clone()));
        let opened = keys
            .iter()
            .find_map(|key| event::open_event(key, &[0; 16], &row.sealed));
        match opened {
            Some(event) if event.kind == EventKind::Erased && event.detail == receipt.position => {
                Ok(())
            }
            _ => Err(elsewhere),
        }
    }
}
