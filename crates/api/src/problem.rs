//! Every error the platform answers with, in one table (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an error's detail is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FieldPolicy {
    /// One fixed sentence: whatever the cause, the body is the same byte for byte.
    Fixed(&'static str),
    /// Says which part of the request is wrong; never what is stored.
    OfRequest,
}

/// An error as it travels: `application/problem+json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:countenance:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of error it is, for people.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// The stable name of the error, for machines.
    pub code: String,
    /// What is wrong with this request.
    pub detail: String,
}

macro_rules! table {
    ($($(#[$doc:meta])* $variant:ident $code:literal $status:literal $title:literal $detail:expr;)*) => {
        /// A kind of error. The table in this file is the only place that knows status and text.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, by status and name.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name for machines.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The title, for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How the detail is made.
            #[must_use]
            pub fn detail(self) -> FieldPolicy {
                match self { $(Self::$variant => $detail,)* }
            }
        }
    };
}

use FieldPolicy::{Fixed, OfRequest};

table! {
    /// The body does not read: JSON, multipart, base64.
    BodyInvalid "body_invalid" 400 "The body cannot be read" OfRequest;
    /// A query parameter or path segment does not read.
    ParameterInvalid "parameter_invalid" 400 "A parameter cannot be read" OfRequest;
    /// No key, or none that is known and unexpired.
    KeyInvalid "key_invalid" 401 "No valid key" Fixed("Send `Authorization: Bearer KEY` with a key that is known, unexpired and not revoked.");
    /// No capture token, or not the one of a session that is there.
    CaptureTokenInvalid "capture_token_invalid" 401 "No valid capture token" Fixed("Send `Authorization: Bearer TOKEN` with the capture token of this session.");
    /// The link is over, was used, or what came with it is not its subject's: which of these is not told.
    ConsentLinkInvalid "consent_link_invalid" 401 "This consent link does not work" Fixed("The link is too old or was used, or what came with it is not of the person it is for. Ask for a new one where it came from.");
    /// The subject has no consent for this, or none any more.
    ConsentMissing "consent_missing" 403 "No consent" Fixed("The subject has no standing consent for this purpose.");
    /// The holder part is missing, not expected or wrong.
    HolderInvalid "holder_invalid" 403 "Holder part refused" Fixed("Send the subject's holder part in the header Countenance-Holder; leave it out for a subject without one.");
    /// The key lacks the scope.
    ScopeMissing "scope_missing" 403 "The key may not do this" OfRequest;
    /// The tenant of the key has no such collection.
    CollectionUnknown "collection_unknown" 404 "Unknown collection" Fixed("The tenant of this key has no collection of that name.");
    /// The subject has no such device key.
    DeviceKeyUnknown "device_key_unknown" 404 "Unknown device key" Fixed("The subject has no device key of that id, or its registration is over: it lasts five minutes on one node and takes one answer.");
    /// The tenant of the key has no such key.
    KeyUnknown "key_unknown" 404 "Unknown key" Fixed("The tenant of this key has no key of that id.");
    /// The collection has no such payment.
    PaymentUnknown "payment_unknown" 404 "Unknown payment" Fixed("The collection has no payment of that id for this payer, or it was erased with its payer.");
    /// There is no such route.
    RouteUnknown "route_unknown" 404 "Unknown route" Fixed("See /openapi.json for what there is.");
    /// The tenant of the key has no such session, or it is forgotten.
    SessionUnknown "session_unknown" 404 "Unknown session" Fixed("The tenant of this key has no session of that id on this node; a session is forgotten ten minutes after its end.");
    /// The collection has no such subject.
    SubjectUnknown "subject_unknown" 404 "Unknown subject" Fixed("The collection has no subject of that id.");
    /// There is no such tenant.
    TenantUnknown "tenant_unknown" 404 "Unknown tenant" Fixed("There is no tenant of that name.");
    /// The route has no such method.
    MethodUnknown "method_unknown" 405 "Unknown method" Fixed("See /openapi.json for what there is.");
    /// The body took too long to arrive.
    BodyTimeout "body_timeout" 408 "The body took too long" Fixed("The body did not arrive in time.");
    /// The request was answered before, with a secret that is shown once.
    AnswerNotKept "answer_not_kept" 409 "The answer is not kept" OfRequest;
    /// The collection has more members than its target FPIR allows.
    CollectionTooLarge "collection_too_large" 409 "The collection is too large" Fixed("The collection has more members than its target FPIR allows; nobody was searched. Split it, or set another FPIR or FMR: PUT /v1/collections/{collection}.");
    /// Frames are coming in already.
    CaptureBusy "capture_busy" 409 "The session is in use" Fixed("Frames of this session are coming in already, or are being judged.");
    /// The person has not agreed yet.
    ConsentNeeded "consent_needed" 409 "Nobody has agreed" Fixed("The person has to agree to the session first.");
    /// The device key is registered already.
    DeviceKeyExists "device_key_exists" 409 "The device key is registered" Fixed("This subject has the device key already.");
    /// A payment asks for a device key and the payer has none; told to those alone who see the subjects anyway.
    DeviceKeyMissing "device_key_missing" 409 "The payer has no device key" Fixed("The policy `device-key` asks for a device key, and no such subject has one: register one at /v1/subjects/{subject}/device-keys, or ask for another policy.");
    /// The server has no relying party.
    DeviceKeysOff "device_keys_off" 409 "Device keys are not set up" Fixed("This server has no device keys: its operator names the host of its pages in the setting relying-party.");
    /// Somebody else enrolled the subject at the same moment.
    EnrolledMeanwhile "enrolled_meanwhile" 409 "Enrolled meanwhile" Fixed("Somebody else enrolled the subject at the same moment; nothing was kept of these photos. Look at the subject, then try again.");
    /// A request with this idempotency key is being worked on.
    InProgress "in_progress" 409 "The request is in progress" Fixed("A request with this Idempotency-Key is being worked on; ask again as Retry-After says.");
    /// A request with this idempotency key was begun and its end is not known.
    OutcomeUnknown "outcome_unknown" 409 "The outcome is not known" Fixed("A request with this Idempotency-Key was begun and broke off. Look at what is there before you ask with a new one.");
    /// The subject has no passkey with which to see their consents; told to those alone who see the subjects anyway.
    PasskeyMissing "passkey_missing" 409 "The subject has no passkey" Fixed("A subject sees their consents with a passkey that is known already: send `passkey` for a holder-bound one, or register a device key at /v1/subjects/{subject}/device-keys. Without either, withdraw for them at /v1/subjects/{subject}/consents.");
    /// Somebody's face is being judged for the payment.
    PaymentAnswering "payment_answering" 409 "The payment is being answered" Fixed("Somebody is answering the payment in another session. It comes to an end within 60 s, and can be approved by nobody else: look at it again, and make another where it is refused.");
    /// The payment is in a state from which this does not lead anywhere.
    PaymentOver "payment_over" 409 "The payment is not in this state" OfRequest;
    /// The session is decided or at its end.
    SessionOver "session_over" 409 "The session is over" Fixed("The session is decided, canceled, expired or was begun anew too often: open a new one.");
    /// The collection has the subject already.
    SubjectExists "subject_exists" 409 "Subject exists" Fixed("The collection has a subject of that id already.");
    /// The body is too large.
    BodyTooLarge "body_too_large" 413 "The body is too large" OfRequest;
    /// The content type is none that the route reads.
    ContentTypeUnknown "content_type_unknown" 415 "Unknown content type" Fixed("Send application/json with base64 pictures, or multipart/form-data.");
    /// The idempotency key came with another request.
    IdempotencyMismatch "idempotency_mismatch" 422 "The idempotency key was used" Fixed("This Idempotency-Key came with another request before; take a new one for each.");
    /// A value has a meaning that cannot be taken.
    ValueInvalid "value_invalid" 422 "A value cannot be taken" OfRequest;
    /// The picture does not decode or is beyond a limit.
    PictureInvalid "picture_invalid" 422 "A picture cannot be read" OfRequest;
    /// The subject was tried too often, or this key identified too many strangers.
    AttemptsUsed "attempts_used" 429 "Too many attempts" Fixed("There were too many attempts without success, of this subject or in identification with this key; wait as Retry-After says.");
    /// The key has asked as often as it may today.
    QuotaUsed "quota_used" 429 "The day's requests are used" Fixed("This key has asked as often as it may in one day (UTC); wait as Retry-After says.");
    /// The key asks too often, or too much at one time.
    TooManyRequests "too_many_requests" 429 "Too many requests" Fixed("This key asks more often, or more at one time, than it may; wait as Retry-After says.");
    /// The key has as many sessions as it may.
    TooManySessions "too_many_sessions" 429 "Too many sessions" Fixed("This key, or this node, has as many running sessions as it may; wait as Retry-After says.");
    /// The server failed; what happened is in its log, under the request's id.
    Internal "internal" 500 "The server failed" Fixed("The server could not do this; its log has the reason under the id of the request.");
    /// Everything is taken: nothing was begun.
    Busy "busy" 503 "The server is busy" Fixed("Nothing was begun; try again as Retry-After says.");
    /// The members of the collection are not in memory yet.
    CollectionLoading "collection_loading" 503 "The collection is being loaded" Fixed("The members of the collection are being taken into memory. Nothing was begun; try again as Retry-After says.");
    /// The work took too long.
    DeadlineExceeded "deadline_exceeded" 504 "The work took too long" Fixed("The work was not done in time.");
}

impl Code {
    /// The error as it travels. `detail` is used where the table lets the detail speak of the
    /// request, and left out where the sentence is fixed.
    #[must_use]
    pub fn problem(self, detail: &str) -> Problem {
        let detail = match self.detail() {
            Fixed(sentence) => sentence,
            OfRequest => detail,
        };
        Problem {
            kind: format!("urn:countenance:problem:{}", self.name()),
            title: self.title().to_owned(),
            status: self.status(),
            code: self.name().to_owned(),
            detail: detail.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_the_table_is_sorted_by_status() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().map(|code| code.status()).is_sorted());
    }

    #[test]
    fn a_fixed_detail_says_nothing_of_the_cause() {
        assert_eq!(
            Code::Internal.problem("disk full"),
            Code::Internal.problem("bug")
        );
        let problem = Code::BodyInvalid.problem("`probe` is missing");
        assert_eq!(problem.detail, "`probe` is missing");
    }
}
