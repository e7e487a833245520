//! `countenance payment create`: once for each key, where one is given.

use super::{PlaceArgs, answered, print};
use crate::failure::{Failure, Outcome};
use crate::registry::Opened;
use clap::{Args as ClapArgs, ValueEnum};
use countenance_api::{IDEMPOTENCY_HEADER, PaymentAnswer, PaymentPolicy, PaymentRequest};
use countenance_core::vault::{ExternalId, Random as _, SystemRandom};
use countenance_core::{Currency, PayError, Payment, PaymentId, Terms};

/// Make a payment that a person is to approve
///
/// Nobody is shown it before a session is opened for it: POST /v1/payments/{payment}/sessions. Whether there is such a person
/// is not told: a payment of somebody unknown is refused when it is answered, as one of a wrong face.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment create ana --amount 1250 --currency EUR --payee 'Café Ana' --order 2026-1138 --data vault
  countenance payment create ana --amount 900 --currency JPY --payee Kiosk --order 7 --lasts 120 --data vault --json
  countenance payment create ana --amount 1250 --currency EUR --payee 'Café Ana' --order 2026-1138 --idempotency-key 2026-1138 --data vault
      Once, however often it is asked: a script that does not know whether it was done asks again.

JSON: id, state, amount, currency, payee, order, created, expires, shown_sha256, policy, authorized, factors,
refunded, refunds.")]
pub(super) struct CreateArgs {
    /// Who is to approve it
    #[arg(value_name = "SUBJECT")]
    subject: String,

    /// How much, in minor units
    #[arg(long, value_name = "N")]
    amount: u64,

    /// ISO 4217 code
    #[arg(long, value_name = "CODE")]
    currency: String,

    /// To whom, as the person is shown it
    #[arg(long, value_name = "NAME")]
    payee: String,

    /// For what, as the payee calls it
    #[arg(long, value_name = "TEXT")]
    order: String,

    /// Seconds it may wait to be approved, 30 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    lasts: u32,

    /// What it takes to approve it; device-key needs a passkey that was registered for the person
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = Policy::SingleFactor)]
    policy: Policy,

    /// Make it once: asked again with this key, the payment that was made is printed [default: each asking makes another]
    ///
    /// 1 to 255 visible ASCII characters, new for each payment. A server remembers it as for any client, for as long as it
    /// keeps answers; without one, it is known for as long as the payment is kept. The two know nothing of each other.
    #[arg(long, value_name = "KEY", value_parser = once)]
    idempotency_key: Option<String>,

    #[command(flatten)]
    place: PlaceArgs,
}

/// What it takes to approve a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// The person's face.
    SingleFactor,
    /// Their face and a device key of theirs.
    DeviceKey,
}

pub(super) fn create(args: &CreateArgs) -> Outcome {
    let place = &args.place;
    let request = PaymentRequest {
        subject: args.subject.clone(),
        amount: args.amount,
        currency: args.currency.clone(),
        payee: args.payee.clone(),
        order: args.order.clone(),
        lasts_s: Some(args.lasts),
        policy: match args.policy {
            Policy::SingleFactor => PaymentPolicy::SingleFactor,
            Policy::DeviceKey => PaymentPolicy::DeviceKey,
        },
    };
    let made = match place.served()? {
        Some(mut served) => {
            let path = format!("/v1/payments{}", place.query());
            let key = args.idempotency_key.as_deref();
            let headers: Vec<_> = key
                .map(|key| (IDEMPOTENCY_HEADER, key))
                .into_iter()
                .collect();
            served.ask("POST", &path, &headers, Some(&request))?
        }
        None => made(args)?,
    };
    print(place, &made)
}

fn made(args: &CreateArgs) -> Result<PaymentAnswer, Failure> {
    let currency: Currency = args.currency.parse().map_err(|_| {
        Failure::usage(
            "--currency is none of ISO 4217",
            "three capitals, such as EUR",
        )
    })?;
    let opened = args.place.registry.open()?;
    let id = match &args.idempotency_key {
        Some(key) => id_by(&opened, key, args),
        None => {
            let mut id = [0; 16];
            SystemRandom.fill(&mut id).map_err(anyhow::Error::new)?;
            PaymentId::new(id)
        }
    };
    let terms = Terms::new(
        id,
        (args.amount, currency),
        (&args.payee, &args.order),
        (opened.registry.now(), args.lasts.into()),
    );
    let help = "'countenance payment create --help' explains";
    let terms = terms.map_err(|error| Failure::usage(error.to_string(), help))?;
    let subject = ExternalId::new(&args.subject)?;
    let claim = opened.claim(&subject, None);
    let by_device = args.policy == Policy::DeviceKey;
    if by_device && opened.registry.device_keys(&claim)?.is_empty() {
        return Err(Failure::usage(
            "this person has no device key",
            "register one over HTTP: POST /v1/subjects/{subject}/device-keys; or ask for another --policy",
        ));
    }
    match opened.registry.payment(&opened.collection, id) {
        Ok(before) if is_same(&before, &terms, by_device) => return Ok(answered(&before)),
        Ok(_) => {
            return Err(Failure::usage(
                "another payment was made with this --idempotency-key",
                "use a new one for each payment",
            ));
        }
        Err(PayError::Vault(error)) => return Err(error.into()),
        Err(_) => {}
    }
    let made = opened.registry.make_payment(&claim, terms, by_device)?;
    Ok(answered(&made))
}

/// What a server takes as a key, too.
fn once(key: &str) -> Result<String, &'static str> {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && (1..=255).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err("1 to 255 visible ASCII characters")
    }
}

/// The id of the payment that a key stands for: the same for the same payer and key, so that a payment of it is found again. It is made
/// with a key of the vault: ids are stored in the clear, and nobody may find by trying whose they are.
fn id_by(opened: &Opened, key: &str, args: &CreateArgs) -> PaymentId {
    let place = &args.place.registry;
    let parts = [&*place.tenant, &place.collection, &args.subject, key];
    let sealer = opened.registry.vault().sealer("payments by key");
    let tag = sealer.tag(&parts.map(str::as_bytes));
    PaymentId::new(std::array::from_fn(|at| tag.get(at).copied().unwrap_or(0)))
}

/// Whether it was made by the same words, whenever that was.
fn is_same(before: &Payment, terms: &Terms, by_device: bool) -> bool {
    let of = before.terms();
    of.amount() == terms.amount()
        && of.currency() == terms.currency()
        && of.payee() == terms.payee()
        && of.order() == terms.order()
        && before.needs_device() == by_device
}
