//! Payments, for whoever asks for one.

use super::sessions::opened;
use super::{answer, device_keys, ok, page_limit};
use crate::call::{Call, Named};
use crate::platform::{Platform, Shared};
use crate::refusal::{Answer, Refusal};
use crate::sessions::{Asked, DeviceAsked, Paying};
use crate::{token, wire};
use axum::http::StatusCode;
use countenance_api::{
    Code, CollectionQuery, PaymentList, PaymentListQuery, PaymentPolicy, PaymentRequest,
    PaymentSessionRequest, RefundRequest, Scope,
};
use countenance_core::vault::{Collection, ExternalId, Name, VaultError};
use countenance_core::{
    Claim, PayError, Payment, PaymentError, PaymentId, PaymentState, Terms, Transaction,
};
use std::sync::Arc;

/// Seconds a payment waits where nothing is said.
const USUAL_S: u32 = 600;

pub(crate) async fn make(call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let naming = call.naming(query.collection.as_deref())?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: PaymentRequest = call.json().await?;
    let named = naming.of(&request.subject)?;
    let terms = terms(&platform, &request)?;
    let by_device = request.policy == PaymentPolicy::DeviceKey;
    if by_device {
        device_keys::party(&platform)?;
    }
    // Whether the payer has a device key is for those to know who see the subjects; whoever may only ask for payments
    // has it refused when it is answered, as that of an unknown payer.
    let looks = by_device && caller.may(Scope::Enroll);
    let made = platform.keep(move |shared| {
        let registry = &shared.registry;
        if looks {
            let collection = named.collection(registry)?;
            match registry.device_keys(&named.claim(&collection)) {
                Ok(keys) if !keys.is_empty() => {}
                Ok(_) | Err(VaultError::Unknown { .. }) => {
                    return Err(Code::DeviceKeyMissing.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        let made = named.with(registry, |claim| {
            registry.make_payment(claim, terms, by_device)
        });
        Ok(wire::payment(&made?, registry.now()))
    });
    answer(StatusCode::CREATED, made.await?)
}

/// What is to be approved, if anybody may be asked for it: nothing of this depends on whom.
fn terms(platform: &Platform, request: &PaymentRequest) -> Result<Terms, Refusal> {
    let refused = |detail: String| Refusal::of(Code::ValueInvalid, detail);
    let limits = &platform.config.payments;
    let currency = request.currency.parse().ok();
    let known = limits.currencies.iter().map(|limit| limit.currency);
    let Some(currency) = known.into_iter().find(|known| Some(*known) == currency) else {
        return Err(refused(
            "`currency` is none that the settings of the server allow: payment-limits".to_owned(),
        ));
    };
    let mut id = [0; 16];
    let filled = platform.random.fill(&mut id);
    filled.map_err(|error| Refusal::internal(&error))?;
    let lasts_s = u64::from(request.lasts_s.unwrap_or(USUAL_S));
    let terms = Terms::new(
        PaymentId::new(id),
        (request.amount, currency),
        (&request.payee, &request.order),
        (platform.registry.now(), lasts_s),
    );
    let terms = terms.map_err(|error| refused(error.to_string()))?;
    if !limits.allow(&terms) {
        return Err(refused(
            "`amount` is more than the settings of the server allow for one payment: payment-limits"
                .to_owned(),
        ));
    }
    Ok(terms)
}

/// Work on the payment in the path.
async fn with(
    call: &mut Call,
    work: impl FnOnce(&Shared, &Collection, PaymentId) -> Result<Payment, PayError> + Send + 'static,
) -> Result<countenance_api::PaymentAnswer, Refusal> {
    let query: CollectionQuery = call.query()?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let id = id(call).await?;
    let done = call.platform.keep(move |shared| {
        let collection = shared.registry.vault().collection(&tenant, &collection)?;
        let payment = work(shared, &collection, id)?;
        Ok(wire::payment(&payment, shared.registry.now()))
    });
    done.await
}

async fn id(call: &mut Call) -> Result<PaymentId, Refusal> {
    let segment = call.segment().await?;
    segment.parse().map_err(|()| Code::PaymentUnknown.into())
}

pub(crate) async fn show(mut call: Call) -> Answer {
    ok(with(&mut call, |shared, collection, id| {
        shared.registry.payment(collection, id)
    })
    .await?)
}

pub(crate) async fn cancel(mut call: Call) -> Answer {
    ok(with(&mut call, |shared, collection, id| {
        let canceled = shared.registry.cancel_payment(collection, id)?;
        // Those on other nodes see it before their next frames (`Converse`).
        shared.sessions.end_payment(id);
        Ok(canceled)
    })
    .await?)
}

pub(crate) async fn refund(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let id = id(&mut call).await?;
    let platform = call.platform.clone();
    let request: RefundRequest = call.json().await?;
    let done = platform.keep(move |shared| {
        let registry = &shared.registry;
        let collection = registry.vault().collection(&tenant, &collection)?;
        let payment = registry.refund_payment(&collection, id, request.amount)?;
        Ok(wire::payment(&payment, registry.now()))
    });
    answer(StatusCode::CREATED, done.await?)
}

/// Opens the session in which the payer is asked.
pub(crate) async fn open(mut call: Call) -> Answer {
    let query: CollectionQuery = call.query()?;
    let id = id(&mut call).await?;
    let (tenant, collection) = call.collection(query.collection.as_deref())?;
    let naming = call.naming(query.collection.as_deref())?;
    let (platform, caller) = (call.platform.clone(), Arc::clone(&call.caller));
    let request: PaymentSessionRequest = call.json().await?;
    let named = naming.of(&request.subject)?;
    let payer = named.subject.clone();
    let payment = platform.keep(move |shared| open_payment(shared, &named, id));
    let payment = payment.await?;
    let asked = asked(&platform, request, (collection, payer), &payment)?;
    opened(&platform, (&tenant, &caller.key), asked)
}

/// The payment if it is this payer's and can still be approved.
fn open_payment(shared: &Shared, named: &Named, id: PaymentId) -> Result<Payment, Refusal> {
    let registry = &shared.registry;
    let collection = named.collection(registry)?;
    let claim: Claim<'_> = named.claim(&collection);
    let payment = registry.payment_of(&claim, id)?;
    match payment.state(registry.now()) {
        // Whatever comes of the answer, a further session could only fail.
        PaymentState::Answering => Err(Code::PaymentAnswering.into()),
        state if state.is_open() => Ok(payment),
        state => Err(PayError::from(PaymentError::State(state)).into()),
    }
}

fn asked(
    platform: &Platform,
    request: PaymentSessionRequest,
    (collection, payer): (Name, ExternalId),
    payment: &Payment,
) -> Result<Asked, Refusal> {
    let (mut ticket, mut nonce) = ([0; 16], [0; 32]);
    for bytes in [&mut ticket[..], &mut nonce[..]] {
        let filled = platform.random.fill(bytes);
        filled.map_err(|error| Refusal::internal(&error))?;
    }
    let device = if payment.needs_device() {
        let party = device_keys::party(platform)?;
        Some(DeviceAsked { party, nonce })
    } else {
        None
    };
    let transaction = Transaction {
        terms: payment.terms(),
        collection: &collection,
        payer: &payer,
    };
    let paying = Paying {
        transaction_sha256: transaction.sha256(),
        terms: payment.terms().clone(),
        ticket,
        device,
    };
    let now = platform.registry.now();
    Asked::read_payment(
        request,
        (collection, payer),
        paying,
        (now, &platform.targets),
    )
}

/// The payments of a subject, for those who see the subjects anyway: that there is one, and what it paid elsewhere.
pub(crate) async fn list(mut call: Call) -> Answer {
    let query: PaymentListQuery = call.query()?;
    let limit = page_limit(query.limit)?;
    let named = call.named(query.collection.as_deref()).await?;
    let (tenant, collection) = named.place();
    let vault = call.platform.registry.vault();
    let cursors = token::payments(vault, tenant, collection, &named.subject);
    let from = token::after_payment(&cursors, query.after.as_deref())?;
    let listed = call.platform.keep(move |shared| {
        let registry = &shared.registry;
        // One more than the page, to see whether there is another.
        let listed = named.with(registry, |claim| registry.payments(claim, from, limit + 1))?;
        Ok((listed, registry.now()))
    });
    let (mut listed, now) = listed.await?;
    let more = listed.len() > limit as usize;
    listed.truncate(limit as usize);
    let last = listed.last().filter(|_| more);
    let next = last.map(|(place, _)| token::write_payment(&cursors, *place));
    let next = next
        .transpose()
        .map_err(|error| Refusal::internal(&error))?;
    let payments = listed.iter().map(|(_, one)| wire::payment(one, now));
    ok(PaymentList {
        payments: payments.collect(),
        next,
    })
}
