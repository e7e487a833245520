//! Pictures that keys of other products have kept: named by keyed digests, each sealed under its subject's own key.

use super::sql::{self, Cell, Value};
use super::{KeyError, KeyStore, KeyStoreError};
use countenance_core::vault::Vault;

impl KeyStore {
    /// Keeps a sealed picture of a subject, named by [its key](countenance_core::vault::Subject::key_name).
    pub(crate) fn keep_picture(
        &self,
        image: &[u8; 32],
        subject: &[u8; 24],
        sealed: &[u8],
    ) -> Result<(), KeyStoreError> {
        let values = [
            Value::Bytes(image),
            Value::Bytes(subject),
            Value::Bytes(sealed),
        ];
        self.sql.run(sql::KEEP, &values)?;
        Ok(())
    }

    /// A picture that was kept.
    pub(crate) fn kept_picture(&self, image: &[u8; 32]) -> Result<Option<Vec<u8>>, KeyStoreError> {
        let rows = self.sql.rows(sql::FIND_KEPT, &[Value::Bytes(image)])?;
        let cell = rows.into_iter().next().and_then(|mut cells| cells.pop());
        cell.map(Cell::bytes).transpose()
    }

    /// Forgets a picture.
    pub(crate) fn forget_picture(&self, image: &[u8; 32]) -> Result<(), KeyStoreError> {
        self.sql.run(sql::REMOVE_KEPT, &[Value::Bytes(image)])?;
        Ok(())
    }

    /// Forgets all pictures of a subject.
    pub(crate) fn forget_pictures_of(&self, subject: &[u8; 24]) -> Result<(), KeyStoreError> {
        self.sql
            .run(sql::REMOVE_KEPT_OF, &[Value::Bytes(subject)])?;
        Ok(())
    }

    /// Forgets the pictures of all subjects whose keys are gone. Returns how many subjects that were.
    pub(crate) fn sweep_pictures(&self, vault: &Vault) -> Result<usize, KeyError> {
        let mut gone = 0;
        for mut cells in self.sql.rows(sql::KEPT_SUBJECTS, &[])? {
            let name = cells.pop().ok_or(KeyStoreError::Damaged)?.bytes()?;
            let name: [u8; 24] = name.try_into().map_err(|_| KeyStoreError::Damaged)?;
            if !vault.has_key_named(&name)? {
                self.forget_pictures_of(&name)?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}
