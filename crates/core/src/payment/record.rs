//! A payment as bytes, to be sealed (docs/spec/payment-v1.md, "Record").

use super::machine::{MOST_REFUNDS, Stage};
use super::{Payment, PaymentId, Refund, Terms};
use countenance_vault::Timestamp;

const VERSION: u8 = 1;

/// Reads from the front.
struct Front<'a>(&'a [u8]);

impl Front<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp::from_unix)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

impl Payment {
    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let nothing = [0; 16];
        let (stage, ticket, at, device) = match self.stage {
            Stage::Created => (1, nothing, 0, false),
            Stage::Shown => (2, nothing, 0, false),
            Stage::Answering { ticket, until } => (3, ticket, until.unix(), false),
            Stage::Authorized { at, device } => (4, nothing, at.unix(), device),
            Stage::Refused { at } => (5, nothing, at.unix(), false),
            Stage::Canceled { at } => (6, nothing, at.unix(), false),
        };
        let flags = u8::from(self.needs_device) | u8::from(device) << 1;
        let refunds = u8::try_from(self.refunds.len()).unwrap_or(u8::MAX);
        let mut out = vec![VERSION, stage, flags, refunds];
        out.extend_from_slice(&self.payer);
        out.extend_from_slice(self.terms.id().bytes());
        out.extend_from_slice(&ticket);
        for number in [
            self.created.unix(),
            self.terms.expires().unix(),
            at,
            self.terms.amount(),
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(self.terms.currency().code().as_bytes());
        for text in [self.terms.payee(), self.terms.order()] {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        for refund in &self.refunds {
            out.extend_from_slice(&refund.amount.to_le_bytes());
            out.extend_from_slice(&refund.at.unix().to_le_bytes());
        }
        out
    }

    /// A payment from its bytes; `None` when they are not one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = Front(bytes);
        let [version, stage, flags, refunds] = rest.take()?;
        if version != VERSION || flags > 3 || usize::from(refunds) > MOST_REFUNDS {
            return None;
        }
        let payer = rest.take()?;
        let id = PaymentId::new(rest.take()?);
        let ticket = rest.take()?;
        let (created, expires, at) = (rest.time()?, rest.time()?, rest.time()?);
        let amount = rest.number()?;
        let code = rest.take::<3>()?;
        let currency = std::str::from_utf8(&code).ok()?.parse().ok()?;
        let (payee, order) = (rest.text()?, rest.text()?);
        let terms = Terms::read(id, (amount, currency), (&payee, &order), expires).ok()?;
        let device = flags & 2 != 0;
        let stage = match stage {
            1 => Stage::Created,
            2 => Stage::Shown,
            3 => Stage::Answering { ticket, until: at },
            4 => Stage::Authorized { at, device },
            5 => Stage::Refused { at },
            6 => Stage::Canceled { at },
            _ => return None,
        };
        let mut read = Self {
            terms,
            payer,
            created,
            needs_device: flags & 1 != 0,
            stage,
            refunds: Vec::new(),
        };
        for _ in 0..refunds {
            let (amount, at) = (rest.number()?, rest.time()?);
            read.refunds.push(Refund { amount, at });
        }
        // What is written is written in one way only.
        (rest.0.is_empty() && read.to_bytes() == bytes).then_some(read)
    }
}
