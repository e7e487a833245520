//! Payments: one named amount that one person approves, once (docs/spec/payment-v1.md).
//!
//! Everything here is pure: time comes in as a value, and nothing is read or written. [`Terms`] is what is approved, [`Payment`]
//! its life, [`PaymentLimits`] how much of it there may be; `Registry` keeps it in the vault.

mod currency;
mod limits;
mod machine;
mod record;
mod terms;

pub use currency::Currency;
pub(crate) use limits::LIMIT_DAYS;
pub use limits::{CurrencyLimit, PaymentLimits};
pub use machine::{Payment, PaymentError, PaymentState, Refund};
pub use terms::{PaymentId, Terms, TermsError, Transaction};
