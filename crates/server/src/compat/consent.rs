//! Subjects of a recognition service: each with consents of its own, entered under what the operator attests.

use super::access::Service;
use super::books::Books;
use super::fault::Fault;
use crate::wire::PURPOSES;
use countenance_core::vault::{
    Collection, Consent, ConsentState, ExternalId, Grant, Subject, Target, TextVersion, Timestamp,
    Unlocked, VaultError,
};
use sha2::{Digest as _, Sha256};

/// Longest name, in characters.
const MOST_NAME: usize = 50;
/// What a name must not have.
const NOT_IN_NAMES: [char; 3] = [';', '/', '\\'];
/// Digits of the digest of an attestation that a consent shows.
const DIGITS: usize = 24;

/// The name of a subject: looked up without regard to capitals, shown as it was first written.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) id: ExternalId,
    pub(super) written: ExternalId,
}

/// What shows that a subject agreed.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// Given with the request.
    pub(super) given: Option<String>,
    /// The request itself, where none was given.
    pub(super) request: String,
}

impl Name {
    pub(super) fn new(text: &str) -> Result<Self, Fault> {
        let length = text.chars().count();
        if text.trim().is_empty() || length > MOST_NAME {
            let text = format!("Subject name should be between 1 and {MOST_NAME} characters; ");
            return Err(Fault::invalid(text));
        }
        if text.contains(NOT_IN_NAMES) {
            let text = "Subject name must not contain any of ; / \\";
            return Err(Fault::bad(36, text));
        }
        let id = |text: &str| ExternalId::new(text).map_err(VaultError::from);
        Ok(Self {
            id: id(&text.to_lowercase())?,
            written: id(text)?,
        })
    }
}

/// What a name leads to. Whoever came in by another door, a native call or an importer, has the very id that was written there, capitals and
/// all: they are found by it, so that everybody who is listed here can be deleted here.
fn target(books: &Books, collection: &Collection, name: &Name) -> Result<Target, VaultError> {
    let vault = books.registry.vault();
    let target = vault.find(collection, &name.id)?;
    if target.subject().is_none() && name.written != name.id {
        return vault.find(collection, &name.written);
    }
    Ok(target)
}

/// The subject of a name, unlocked.
pub(super) fn find(
    books: &Books,
    collection: &Collection,
    name: &Name,
) -> Result<Option<Unlocked>, Fault> {
    let vault = books.registry.vault();
    let target = target(books, collection, name)?;
    let unlock = |subject: &Subject| vault.unlock(subject, None);
    Ok(target.subject().map(unlock).transpose()?)
}

/// Adds a subject, and the consents it gave.
pub(super) fn add(
    books: &Books,
    service: &Service,
    collection: &Collection,
    name: &Name,
    evidence: &Evidence,
) -> Result<Unlocked, Fault> {
    let (vault, now) = (books.registry.vault(), books.clock.now());
    if target(books, collection, name)?.subject().is_some() {
        return Err(VaultError::Exists { what: "subject" }.into());
    }
    let subject = vault.add_subject_written(collection, (&name.id, &name.written), None, now)?;
    enter(books, service, &subject, evidence)?;
    Ok(subject)
}

/// Enters the consents that are missing. One that was withdrawn is entered again only with the reference of a new one.
pub(super) fn enter(
    books: &Books,
    service: &Service,
    subject: &Unlocked,
    evidence: &Evidence,
) -> Result<(), Fault> {
    let (vault, now) = (books.registry.vault(), books.clock.now());
    let entries = vault.consents(subject.subject())?;
    for purpose in service.purposes() {
        let of_it = entries.iter().filter(|entry| entry.purpose == purpose);
        let newest = of_it.max_by_key(|entry| entry.number);
        let missing = match newest {
            None => true,
            Some(entry) if entry.state == ConsentState::Active => entry.expires <= now,
            Some(entry) if entry.state == ConsentState::Withdrawn => evidence.given.is_some(),
            Some(_) => true,
        };
        if missing {
            let grant = grant(books, service, evidence, now)?;
            vault.grant(subject, &Grant { purpose, ..grant }, now)?;
        }
    }
    Ok(())
}

fn grant(
    books: &Books,
    service: &Service,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<Grant, Fault> {
    let attested = Sha256::digest(service.key.attestation.as_bytes());
    let digits = crate::keys::hex(&attested);
    let text = format!("attest:{}", digits.get(..DIGITS).unwrap_or_default());
    let days = service.key.retention_days;
    let days = days.unwrap_or(books.registry.vault().settings().consent_days);
    let reference = evidence.given.as_ref().unwrap_or(&evidence.request);
    Ok(Grant {
        purpose: countenance_core::vault::Purpose::Verify,
        text_version: TextVersion::new(&text).map_err(VaultError::from)?,
        granted: now,
        expires: now.plus(u64::from(days) * 86_400),
        evidence: Sha256::digest(reference.as_bytes()).into(),
    })
}

/// The standing consent that templates are sealed under: to be searched, or else to be verified.
pub(super) fn standing(
    books: &Books,
    service: &Service,
    subject: &Unlocked,
) -> Result<Consent, Fault> {
    let (vault, now) = (books.registry.vault(), books.clock.now());
    let mut missing = None;
    for purpose in service.purposes() {
        match vault.consent(subject, purpose, now) {
            Ok(consent) => return Ok(consent),
            Err(error) => missing = Some(error),
        }
    }
    Err(missing.map_or_else(Fault::wrong, Fault::from))
}

/// What a subject agreed to under one name stands under its next.
pub(super) fn carry(books: &Books, from: &Unlocked, to: &Unlocked) -> Result<(), Fault> {
    let (vault, now) = (books.registry.vault(), books.clock.now());
    let there = vault.consents(to.subject())?;
    for purpose in PURPOSES {
        if there.iter().any(|entry| entry.purpose == purpose) {
            continue;
        }
        let standing = match vault.consent(from, purpose, now) {
            Ok(standing) => standing,
            Err(VaultError::Consent(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let grant = Grant {
            purpose,
            text_version: standing.text_version().clone(),
            granted: standing.granted(),
            expires: standing.expires(),
            evidence: *standing.evidence(),
        };
        vault.grant(to, &grant, now)?;
    }
    Ok(())
}

/// Erases a subject and the pictures that were kept of it.
pub(super) fn erase(books: &Books, subject: &Subject, id: &ExternalId) -> Result<(), Fault> {
    // Without the key nothing opens them: should a crash come between, they are gone all the same.
    books.registry.erase(subject, Some(id))?;
    books.keys.forget_pictures_of(&subject.key_name())?;
    Ok(())
}

/// All subjects of a collection, oldest first.
pub(super) fn all(books: &Books, collection: &Collection) -> Result<Vec<Unlocked>, Fault> {
    let vault = books.registry.vault();
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let listed = vault.subjects(collection, after, 1000)?;
        let Some(last) = listed.last() else { break };
        after = last.number;
        for one in &listed {
            match vault.member(collection, one.number) {
                Ok(subject) => all.push(subject),
                // Erased meanwhile, or holder-bound: not of this door.
                Err(VaultError::Unknown { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Name};

    #[test]
    fn names_are_bounded_and_found_without_regard_to_capitals() {
        let name = Name::new("Ana María").unwrap();
        assert_eq!(name.id.as_str(), "ana maría");
        assert_eq!(name.written.as_str(), "Ana María");
        for wrong in ["", "  ", &"x".repeat(51)] {
            let text = "Subject name should be between 1 and 50 characters; ";
            assert_eq!(Name::new(wrong).unwrap_err(), Fault::invalid(text));
        }
        for wrong in ["a;b", "a/b", "a\\b"] {
            let text = "Subject name must not contain any of ; / \\";
            assert_eq!(Name::new(wrong).unwrap_err(), Fault::bad(36, text));
        }
        assert!(Name::new(&"é".repeat(50)).is_ok());
    }
}
