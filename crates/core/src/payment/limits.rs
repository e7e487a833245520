//! How much one person may approve.

use super::{Currency, Payment, PaymentState, Terms};
use countenance_vault::Timestamp;

/// Seconds that a day of the limits has: the 24 hours before.
const DAY_S: u64 = 86_400;
/// Payments that were approved within those hours were made at most so many days before.
pub(crate) const LIMIT_DAYS: u32 = 2;

/// How much of one money.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CurrencyLimit {
    /// Which.
    pub currency: Currency,
    /// Most of one payment, in minor units.
    pub most: u64,
    /// Most of what a person approves in 24 hours, in minor units.
    pub per_day: u64,
}

/// What payments may come to. A currency that is not named cannot be paid with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PaymentLimits {
    /// By currency.
    pub currencies: Vec<CurrencyLimit>,
    /// Payments that a person may approve in 24 hours.
    pub per_day: u32,
    /// Of these, for one payee.
    pub per_payee: u32,
}

impl Default for PaymentLimits {
    /// No currency; 20 payments a day, 10 of them for one payee.
    fn default() -> Self {
        Self {
            currencies: Vec::new(),
            per_day: 20,
            per_payee: 10,
        }
    }
}

impl PaymentLimits {
    fn of(&self, currency: Currency) -> Option<&CurrencyLimit> {
        self.currencies
            .iter()
            .find(|limit| limit.currency == currency)
    }

    /// Whether these terms may be asked of anybody at all: nothing of it depends on who.
    #[must_use]
    pub fn allow(&self, terms: &Terms) -> bool {
        let limit = self.of(terms.currency());
        limit.is_some_and(|limit| terms.amount() <= limit.most)
    }

    /// Whether a person who has these other payments may approve these terms now. What was given back counts all the same: it was
    /// approved.
    #[must_use]
    pub fn allow_after(&self, terms: &Terms, others: &[Payment], now: Timestamp) -> bool {
        let Some(limit) = self.of(terms.currency()).filter(|_| self.allow(terms)) else {
            return false;
        };
        let (mut count, mut of_payee, mut sum) = (1_u32, 1_u32, terms.amount());
        for other in others {
            let PaymentState::Authorized { at, .. } = other.state(now) else {
                continue;
            };
            // What a clock that stood ahead wrote counts, too.
            if at.plus(DAY_S) <= now {
                continue;
            }
            count = count.saturating_add(1);
            if other.terms().payee() == terms.payee() {
                of_payee = of_payee.saturating_add(1);
            }
            if other.terms().currency() == terms.currency() {
                sum = sum.saturating_add(other.terms().amount());
            }
        }
        count <= self.per_day && of_payee <= self.per_payee && sum <= limit.per_day
    }
}
