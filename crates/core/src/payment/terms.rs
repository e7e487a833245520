//! What is approved, and the two digests of it.

use super::Currency;
use crate::Language;
use crate::random_id::random_id;
use crate::shown_text::{is_plain_name, is_what_it_looks_like};
use countenance_vault::{ExternalId, Name, Timestamp};
use sha2::{Digest as _, Sha256};
use std::fmt;
use thiserror::Error;

/// Most of an amount, in minor units: every program that reads JSON has it exactly.
const MOST_AMOUNT: u64 = 1_000_000_000_000;
/// Characters of a payee at most.
const MOST_PAYEE: usize = 120;
/// Bytes of a payee at most.
const MOST_PAYEE_BYTES: usize = 256;
/// Characters of an order at most.
const MOST_ORDER: usize = 64;
/// Seconds a payment may wait to be approved.
const LASTS_S: std::ops::RangeInclusive<u64> = 30..=3600;

random_id! {
    /// The random id of a payment.
    PaymentId, "p"
}

/// What a person approves; it never changes.
#[derive(Clone, Eq, PartialEq)]
pub struct Terms {
    id: PaymentId,
    amount: u64,
    currency: Currency,
    payee: String,
    order: String,
    expires: Timestamp,
}

/// The terms and who is to approve them.
#[derive(Clone, Copy)]
pub struct Transaction<'a> {
    /// What is approved.
    pub terms: &'a Terms,
    /// The collection of the payer.
    pub collection: &'a Name,
    /// Who is to approve.
    pub payer: &'a ExternalId,
}

/// Terms that nobody may be asked to approve.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum TermsError {
    /// The amount.
    #[error("amount is not 1 to {MOST_AMOUNT} minor units")]
    Amount,
    /// How long it waits.
    #[error("payment waits {lasts_s} s, expected 30 to 3600", lasts_s = .0)]
    Lasts(u64),
    /// The order.
    #[error("order is not 1 to {MOST_ORDER} visible ASCII characters")]
    Order,
    /// The payee.
    #[error(
        "payee is not 1 to {MOST_PAYEE} letters, digits and usual marks, with single blanks between words, each word in letters of one script and in their usual form (NFKC)"
    )]
    Payee,
}

impl fmt::Debug for Terms {
    /// Who pays whom is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms").finish_non_exhaustive()
    }
}

impl Terms {
    /// Terms that wait for `lasts_s` seconds from now on.
    ///
    /// # Errors
    /// [`TermsError`]: the first that does not do.
    pub fn new(
        id: PaymentId,
        (amount, currency): (u64, Currency),
        (payee, order): (&str, &str),
        (now, lasts_s): (Timestamp, u64),
    ) -> Result<Self, TermsError> {
        if !LASTS_S.contains(&lasts_s) {
            return Err(TermsError::Lasts(lasts_s));
        }
        // Held to at the door alone: what was made before this was asked stays readable.
        if !is_what_it_looks_like(payee) {
            return Err(TermsError::Payee);
        }
        Self::read(id, (amount, currency), (payee, order), now.plus(lasts_s))
    }

    pub(super) fn read(
        id: PaymentId,
        (amount, currency): (u64, Currency),
        (payee, order): (&str, &str),
        expires: Timestamp,
    ) -> Result<Self, TermsError> {
        if !(1..=MOST_AMOUNT).contains(&amount) {
            return Err(TermsError::Amount);
        }
        let fits = (1..=MOST_PAYEE_BYTES).contains(&payee.len())
            && payee.chars().count() <= MOST_PAYEE
            && is_plain_name(payee);
        if !fits {
            return Err(TermsError::Payee);
        }
        let visible = order.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=MOST_ORDER).contains(&order.len()) || !visible {
            return Err(TermsError::Order);
        }
        Ok(Self {
            id,
            amount,
            currency,
            payee: payee.to_owned(),
            order: order.to_owned(),
            expires,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> PaymentId {
        self.id
    }

    /// How much, in minor units.
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// Of which money.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// To whom.
    #[must_use]
    pub fn payee(&self) -> &str {
        &self.payee
    }

    /// For what, as the payee calls it.
    #[must_use]
    pub fn order(&self) -> &str {
        &self.order
    }

    /// From when on it can no longer be approved.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The canonical text of what is shown: a line for each, which no value can break.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "countenance payment 1\nid: {}\namount: {}\ncurrency: {}\npayee: {}\norder: {}\nexpires: {}\n",
            self.id,
            self.amount,
            self.currency,
            self.payee,
            self.order,
            self.expires.unix()
        )
    }

    /// SHA-256 of what is shown.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.text()).into()
    }

    /// What it is in a sentence of this language, for the text that the person agrees to.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let amount = self.currency.written(self.amount, language);
        let Self { payee, order, .. } = self;
        match language {
            Language::English => format!("{amount} to {payee} (order {order})"),
            Language::German => format!("{amount} an {payee} (Bestellung {order})"),
        }
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl Transaction<'_> {
    /// SHA-256 of the whole: of what is shown and who approves it. Names and ids have no line ends either.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        let whole = format!(
            "{}collection: {}\npayer: {}\n",
            self.terms.text(),
            self.collection.as_str(),
            self.payer.as_str()
        );
        Sha256::digest(whole).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(amount: u64, payee: &str, order: &str) -> Result<Terms, TermsError> {
        let currency = "EUR".parse().unwrap();
        let now = Timestamp::from_unix(1_800_000_000);
        let id = PaymentId::new([7; 16]);
        Terms::new(id, (amount, currency), (payee, order), (now, 600))
    }

    #[test]
    fn the_text_is_what_the_specification_says() {
        let text = terms(1250, "Café Ana", "2026-1138").unwrap().text();
        assert_eq!(
            text,
            "countenance payment 1\nid: p-BwcHBwcHBwcHBwcHBwcHBw\namount: 1250\ncurrency: EUR\npayee: Café Ana\n\
             order: 2026-1138\nexpires: 1800000600\n"
        );
    }

    #[test]
    fn a_sentence_has_the_amount_as_its_language_writes_it() {
        let terms = terms(123_456_789, "Café Ana", "7").unwrap();
        assert_eq!(
            terms.sentence(Language::English),
            "EUR\u{a0}1,234,567.89 to Café Ana (order 7)"
        );
        assert_eq!(
            terms.sentence(Language::German),
            "1.234.567,89\u{a0}EUR an Café Ana (Bestellung 7)"
        );
    }

    #[test]
    fn every_field_changes_both_digests() {
        let base = terms(1250, "Café Ana", "2026-1138").unwrap();
        let name = Name::new("shop").unwrap();
        let ana = ExternalId::new("ana").unwrap();
        let whole = |terms: &Terms, payer: &ExternalId, collection: &Name| {
            let transaction = Transaction {
                terms,
                collection,
                payer,
            };
            transaction.sha256()
        };
        let first = whole(&base, &ana, &name);
        let mut others = vec![
            terms(1251, "Café Ana", "2026-1138").unwrap(),
            terms(1250, "Cafe Ana", "2026-1138").unwrap(),
            terms(1250, "Café Ana", "2026-1139").unwrap(),
        ];
        let mut other = base.clone();
        other.id = PaymentId::new([8; 16]);
        others.push(other);
        let mut other = base.clone();
        other.currency = "USD".parse().unwrap();
        others.push(other);
        let mut other = base.clone();
        other.expires = other.expires.plus(1);
        others.push(other);
        for other in &others {
            assert_ne!(other.sha256(), base.sha256());
            assert_ne!(whole(other, &ana, &name), first);
        }
        assert_ne!(whole(&base, &ExternalId::new("eva").unwrap(), &name), first);
        assert_ne!(whole(&base, &ana, &Name::new("shop2").unwrap()), first);
        // The control.
        assert_eq!(whole(&base, &ana, &name), first);
    }

    #[test]
    fn what_could_be_read_otherwise_is_refused() {
        for payee in [
            "",
            " Ana",
            "Ana ",
            "A\nna",
            "A\u{202e}na",
            "A\u{200b}na",
            "A\u{ad}na",
            "A  na",
            "A\u{2066}na",
            "\u{410}na",
            "\u{ff21}na",
            "Ana \u{2167}",
            "---",
        ] {
            assert_eq!(terms(1, payee, "1"), Err(TermsError::Payee), "{payee:?}");
        }
        assert_eq!(terms(1, &"a".repeat(121), "1"), Err(TermsError::Payee));
        for order in ["", "a b", "ä", "a\n"] {
            assert_eq!(terms(1, "Ana", order), Err(TermsError::Order), "{order:?}");
        }
        assert_eq!(terms(0, "Ana", "1"), Err(TermsError::Amount));
        assert!(terms(MOST_AMOUNT, &"äö".repeat(60), &"1".repeat(64)).is_ok());
        assert_eq!(terms(MOST_AMOUNT + 1, "Ana", "1"), Err(TermsError::Amount));
    }

    #[test]
    fn an_id_reads_back_and_others_do_not() {
        let id = PaymentId::new([255; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in [
            "",
            "p-",
            "a-BwcHBwcHBwcHBwcHBwcHBw",
            "p-BwcHBwcHBwcHBwcHBwcHB",
            "p-BwcHBwcHBwcHBwcHBwcHBx",
        ] {
            assert!(bad.parse::<PaymentId>().is_err(), "{bad}");
        }
    }
}
