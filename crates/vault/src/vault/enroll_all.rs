//! Sealing several templates at once: all or none.

use super::enroll::{MAX_RECORDS, model_detail};
use super::ledger::{check_owner, touch, withdrawn};
use super::{Unlocked, Vault};
use crate::consent::Consent;
use crate::error::VaultError;
use crate::event::{Event, EventKind};
use crate::ident::{ModelName, Timestamp};
use crate::store::{Change, Conflict, Edit, Require, StoreError};
use zeroize::Zeroizing;

/// Templates that go in together.
#[derive(Clone, Copy, Debug)]
pub struct NewTemplates<'a> {
    /// Each with the model that made it.
    pub templates: &'a [(ModelName, Zeroizing<Vec<u8>>)],
    /// The numbers of the records that are there, as the caller knows them.
    pub beside: &'a [u16],
    /// Whether those go.
    pub replace: bool,
}

impl Vault {
    /// Seals templates of a subject who consented, and removes those they replace, in one
    /// transaction: a crash leaves all of it or nothing. Returns the numbers of the records; `None`,
    /// with nothing changed, when the subject has not the records the caller knows: somebody else
    /// enrolled it meanwhile.
    ///
    /// # Errors
    /// [`ConsentError`](crate::ConsentError) when the consent is of another subject or no longer
    /// holds; [`VaultError::Limit`] for no, an empty or an over-long template or more than 16 records;
    /// others when the store fails.
    pub fn enroll_all(
        &self,
        subject: &Unlocked,
        consent: &Consent,
        new: &NewTemplates<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<u16>>, VaultError> {
        self.tick(now)?;
        check_owner(subject, consent)?;
        consent.check_time(now)?;
        let owner = &subject.subject;
        let number_of = owner.row.number;
        let is_free = |number: &u16| !new.beside.contains(number);
        let free: Vec<u16> = (0..MAX_RECORDS).filter(is_free).collect();
        if new.templates.is_empty() || new.templates.len() > free.len() {
            return Err(VaultError::Limit {
                what: "records",
                got: (new.beside.len() + new.templates.len()) as u64,
                max: u64::from(MAX_RECORDS),
            });
        }
        let bit = |number: &u16| 1_u16.checked_shl(u32::from(*number)).unwrap_or_default();
        let mut change = Change {
            requires: vec![
                Require::Generation {
                    subject: consent.subject,
                    is: consent.generation,
                },
                Require::Records {
                    subject: consent.subject,
                    are: new.beside.iter().map(bit).fold(0, |all, one| all | one),
                },
            ],
            edits: vec![touch(number_of, consent.generation, now)],
            events: Vec::new(),
        };
        let mut numbers = Vec::with_capacity(new.templates.len());
        for ((model, template), number) in new.templates.iter().zip(free) {
            let record = self.seal_record(subject, (number, &consent.run), model, template)?;
            change.edits.push(Edit::Put(record.into()));
            self.name_model(&mut change, model);
            let event = Event {
                purpose: Some(consent.purpose()),
                number,
                detail: model_detail(model),
                ..Event::new(EventKind::Enrolled, now)
            };
            change
                .events
                .push(self.event_of(owner, &subject.body, event)?);
            numbers.push(number);
        }
        for &number in new.beside.iter().filter(|_| new.replace) {
            change.edits.push(Edit::RemoveRecord {
                subject: number_of,
                number,
            });
            let event = Event {
                number,
                ..Event::new(EventKind::RecordRemoved, now)
            };
            change
                .events
                .push(self.event_of(owner, &subject.body, event)?);
        }
        match self.commit(change) {
            Ok(_) => {
                new.templates
                    .iter()
                    .for_each(|(model, _)| self.know_model(model));
                Ok(Some(numbers))
            }
            Err(StoreError::Conflict(Conflict::Record)) => Ok(None),
            Err(error) => Err(withdrawn(error)),
        }
    }
}
