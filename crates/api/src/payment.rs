//! Payments: one named amount that one person approves, once (docs/spec/payment-v1.md).

use crate::SessionPasskey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A payment that somebody is to approve.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// What the caller calls the payer. Whether there is one is told nowhere.
    pub subject: String,
    /// How much, in minor units of the currency: 1250 for 12.50 EUR.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub amount: u64,
    /// ISO 4217 code, three capitals; one that the server's settings allow.
    #[schema(min_length = 3, max_length = 3)]
    pub currency: String,
    /// To whom, as the payer is shown it: 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    pub payee: String,
    /// For what, as the payee calls it: 1 to 64 visible ASCII characters. It is shown, too.
    #[schema(min_length = 1, max_length = 64)]
    pub order: String,
    /// Seconds it may wait to be approved, 30 to 3600; 600 where it is left out.
    #[schema(minimum = 30, maximum = 3600)]
    pub lasts_s: Option<u32>,
    /// What it takes to approve it: a face alone where it is left out.
    #[serde(default)]
    pub policy: PaymentPolicy,
}

/// What it takes to approve a payment.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentPolicy {
    /// The payer's face: one factor, and every result says so.
    #[default]
    SingleFactor,
    /// The payer's face and a device key of theirs.
    DeviceKey,
}

/// Where a payment stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct PaymentAnswer {
    /// Its id.
    pub id: String,
    /// `created`, `shown`, `answering`, `authorized`, `refused`, `canceled` or `expired`.
    pub state: String,
    /// How much, in minor units.
    pub amount: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// To whom.
    pub payee: String,
    /// For what.
    pub order: String,
    /// When it was made, in seconds since 1970-01-01 UTC.
    pub created: u64,
    /// From when on it can no longer be approved.
    pub expires: u64,
    /// SHA-256 of the terms as they are shown, in hexadecimal: `approved_sha256` of the result.
    pub shown_sha256: String,
    /// What it takes to approve it: `single-factor` or `device-key`.
    pub policy: String,
    /// When it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorized: Option<u64>,
    /// What took part when it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factors: Option<Vec<String>>,
    /// How much was given back, in minor units.
    pub refunded: u64,
    /// What was given back, in order.
    pub refunds: Vec<RefundEntry>,
}

/// Which page of the payments of a subject.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentListQuery {
    /// The collection; `default` where it is left out.
    pub collection: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Payments per page, 1 to 1000; 100 where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of the payments of a subject.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PaymentList {
    /// By the day they were made.
    pub payments: Vec<PaymentAnswer>,
    /// What the next page is asked with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Money that was given back.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct RefundEntry {
    /// How much, in minor units.
    pub amount: u64,
    /// When that was entered.
    pub at: u64,
}

/// Money that is given back. It is a record: moving it is the payee's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// How much, in minor units; all that is left where it is left out.
    #[schema(minimum = 1)]
    pub amount: Option<u64>,
}

/// A session that asks the payer to approve a payment.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSessionRequest {
    /// The payer again: the payment does not tell who it is.
    pub subject: String,
    /// As in a session.
    #[schema(min_length = 1, max_length = 255)]
    pub audience: String,
    /// As in a session.
    #[schema(min_length = 16, max_length = 128)]
    pub nonce: String,
    /// As in a session.
    #[schema(max_length = 1000)]
    pub way_out: String,
    /// As in a session.
    #[schema(max_length = 1000)]
    pub webhook: Option<String>,
    /// As in a session.
    pub passkey: Option<SessionPasskey>,
    /// Seconds it may take, 30 to 600; 180 where it is left out. It never outlasts the payment.
    #[schema(minimum = 30, maximum = 600)]
    pub lasts_s: Option<u32>,
}

/// What the payer is shown, for the page that shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct CapturePayment {
    /// Id of the payment.
    pub id: String,
    /// How much, in minor units.
    pub amount: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// Digits of the minor unit: 2 for cents.
    pub digits: u8,
    /// To whom.
    pub payee: String,
    /// For what.
    pub order: String,
    /// From when on it can no longer be approved.
    pub expires: u64,
}
