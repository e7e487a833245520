//! What a key may do.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What a key may do. A key has a set of them; none includes another.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Make, list and revoke keys of its own tenant, with no scope it lacks itself; make and set collections; export
    /// subjects.
    Admin,
    /// Read what the whole vault shows of itself: audit checkpoints and proofs, metrics.
    Audit,
    /// Compare two pictures.
    Compare,
    /// Find the faces of a picture.
    Detect,
    /// Add, show, enroll and erase subjects, enter and withdraw consents, show collections and their members.
    Enroll,
    /// Search a collection whose members consented to it.
    Identify,
    /// Ask for payments: make, show and cancel them, and open the sessions in which they are approved.
    Pay,
    /// Enter that money of a payment was given back.
    Refund,
    /// See comparison scores, and why a verification or identification ended as it did.
    Scores,
    /// Open sessions, with a document or without, and take their results.
    Sessions,
    /// Verify a subject.
    Verify,
}

/// A word that names no scope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownScope;

impl Scope {
    /// Every scope, in the order of their names.
    pub const ALL: [Self; 11] = [
        Self::Admin,
        Self::Audit,
        Self::Compare,
        Self::Detect,
        Self::Enroll,
        Self::Identify,
        Self::Pay,
        Self::Refund,
        Self::Scores,
        Self::Sessions,
        Self::Verify,
    ];

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Audit => "audit",
            Self::Compare => "compare",
            Self::Detect => "detect",
            Self::Enroll => "enroll",
            Self::Identify => "identify",
            Self::Pay => "pay",
            Self::Refund => "refund",
            Self::Scores => "scores",
            Self::Sessions => "sessions",
            Self::Verify => "verify",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or(UnknownScope)
    }
}

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown scope, expected one of")?;
        for scope in Scope::ALL {
            write!(f, " {scope}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownScope {}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_is_read_by_its_name() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
            let wire = serde_json::to_string(&scope).expect("a scope is plain text");
            assert_eq!(wire, format!("\"{scope}\""));
        }
        assert!("Admin".parse::<Scope>().is_err());
    }
}
