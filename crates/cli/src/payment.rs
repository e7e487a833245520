//! `countenance payment create|show|cancel|refund|list`.

mod create;

use crate::clock::time_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::registry::RegistryArgs;
use crate::registry::served::{Served, percent};
use crate::terminal::plain;
use clap::{Args as ClapArgs, Subcommand};
use countenance_api::{PaymentAnswer, PaymentList};
use countenance_core::vault::store::PaymentPlace;
use countenance_core::vault::{ExternalId, Timestamp};
use countenance_core::{Currency, PayError, Payment, PaymentId};
use countenance_server::payment_answer;
use std::io::Write as _;

/// Payments that are read at once.
const PAGE: u32 = 500;

/// Make, show, cancel, give back and list payments
///
/// A payment names an amount, a payee and an order, and the one person who may approve it: once, in a session, with their
/// face and a smile that is asked for (docs/payments.md). Where a server runs on the data folder, it makes the payment, within
/// its limits. Amounts are in minor units: 1250 is 12.50 EUR.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment create ana --amount 1250 --currency EUR --payee 'Café Ana' --order 2026-1138 --data vault
  countenance payment show p-BwcHBwcHBwcHBwcHBwcHBw --data vault
  countenance payment refund p-BwcHBwcHBwcHBwcHBwcHBw --amount 400 --data vault")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::CreateArgs),
    Show(OneArgs),
    Cancel(CancelArgs),
    Refund(RefundArgs),
    List(ListArgs),
}

/// Where payments are, and how they are printed.
#[derive(ClapArgs, Debug)]
struct PlaceArgs {
    #[command(flatten)]
    registry: RegistryArgs,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Show where a payment stands
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment show p-BwcHBwcHBwcHBwcHBwcHBw --data vault --json

JSON: as of `payment create`.")]
struct OneArgs {
    /// Its id
    #[arg(value_name = "PAYMENT")]
    id: String,

    #[command(flatten)]
    place: PlaceArgs,
}

/// Cancel a payment that nobody has approved
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment cancel p-BwcHBwcHBwcHBwcHBwcHBw --data vault

JSON: as of `payment create`.")]
struct CancelArgs {
    #[command(flatten)]
    one: OneArgs,
}

/// Enter that money of a payment was given back
///
/// It is a record; moving the money is the payee's. Never more than was approved.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment refund p-BwcHBwcHBwcHBwcHBwcHBw --data vault
      All that is left.
  countenance payment refund p-BwcHBwcHBwcHBwcHBwcHBw --amount 400 --data vault

JSON: as of `payment create`.")]
struct RefundArgs {
    /// How much, in minor units [default: all that is left]
    #[arg(long, value_name = "N")]
    amount: Option<u64>,

    #[command(flatten)]
    one: OneArgs,
}

/// List the payments of a person that are kept
///
/// As they were made, the oldest first: when (UTC), id, state, amount, order, payee.
#[derive(ClapArgs, Debug)]
#[command(after_long_help = "\
Examples:
  countenance payment list ana --data vault
  countenance payment list ana --data vault --json

JSON: payments, each as of `payment create`.")]
struct ListArgs {
    /// Whose
    #[arg(value_name = "SUBJECT")]
    subject: String,

    #[command(flatten)]
    place: PlaceArgs,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.command {
        Command::Create(args) => create::create(args),
        Command::Show(args) => args.on(|registry, of, id| registry.payment(of, id)),
        Command::Cancel(CancelArgs { one }) => {
            one.on(|registry, of, id| registry.cancel_payment(of, id))
        }
        Command::Refund(args) => args
            .one
            .on(|registry, of, id| registry.refund_payment(of, id, args.amount)),
        Command::List(args) => list(args),
    }
}

fn answered(payment: &Payment) -> PaymentAnswer {
    let now = countenance_core::WallClock::now(&crate::clock::MachineClock::start());
    payment_answer(payment, now)
}

fn list(args: &ListArgs) -> Outcome {
    let place = &args.place;
    let opened = place.registry.open()?;
    let subject = ExternalId::new(&args.subject)?;
    let claim = opened.claim(&subject, None);
    let (mut from, mut all) = (PaymentPlace::day(0), Vec::new());
    loop {
        let page = opened.registry.payments(&claim, from, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        from = *last;
        all.extend(page.iter().map(|(_, payment)| answered(payment)));
    }
    // Those of one day are kept in no order.
    all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    let all = PaymentList {
        payments: all,
        next: None,
    };
    if place.json {
        json::print(&all)?;
        return Ok(Exit::Success);
    }
    for one in &all.payments {
        say!(
            "{}  {}  {:<10} {}  {}  {}",
            time_of(Timestamp::from_unix(one.created)),
            one.id,
            one.state,
            money(one),
            plain(&one.order),
            plain(&one.payee)
        );
    }
    Ok(Exit::Success)
}

fn money(payment: &PaymentAnswer) -> String {
    let currency = payment.currency.parse::<Currency>();
    let amount = currency.map_or_else(
        |_| payment.amount.to_string(),
        |currency| currency.decimal(payment.amount),
    );
    format!("{amount} {}", payment.currency)
}

fn print(place: &PlaceArgs, payment: &PaymentAnswer) -> Outcome {
    if place.json {
        json::print(payment)?;
        return Ok(Exit::Success);
    }
    let at = |seconds| time_of(Timestamp::from_unix(seconds));
    let mut out = anstream::stdout().lock();
    writeln!(out, "payment   {}", payment.id)?;
    writeln!(out, "state     {}", payment.state)?;
    writeln!(out, "amount    {}", money(payment))?;
    writeln!(out, "payee     {}", plain(&payment.payee))?;
    writeln!(out, "order     {}", plain(&payment.order))?;
    writeln!(out, "policy    {}", payment.policy)?;
    match payment.authorized {
        Some(when) => writeln!(out, "approved  {}", at(when))?,
        None => writeln!(out, "expires   {}", at(payment.expires))?,
    }
    for refund in &payment.refunds {
        writeln!(
            out,
            "refund    {} minor units, {}",
            refund.amount,
            at(refund.at)
        )?;
    }
    Ok(Exit::Success)
}

impl PlaceArgs {
    /// The server on the data folder, if one runs.
    fn served(&self) -> Result<Option<Served>, Failure> {
        self.registry.names()?;
        Served::on(self.registry.folder()?, Some(&self.registry.tenant))
    }

    fn query(&self) -> String {
        format!("?collection={}", percent(&self.registry.collection))
    }
}

impl OneArgs {
    /// Does something with the payment and prints it as it is then.
    fn on(
        &self,
        work: impl FnOnce(
            &countenance_core::Registry,
            &countenance_core::vault::Collection,
            PaymentId,
        ) -> Result<Payment, PayError>,
    ) -> Outcome {
        let id = self.id.parse().map_err(|()| {
            Failure::usage(
                "this is no id of a payment",
                "`payment create` and `payment list` print them: p- and 22 characters",
            )
        })?;
        let opened = self.place.registry.open()?;
        let done = work(&opened.registry, &opened.collection, id);
        let payment = done.map_err(|error| match error {
            PayError::Vault(error) => error.into(),
            PayError::Unknown => error.into(),
            error => Failure::from(anyhow::Error::new(error))
                .with_hint("`payment show ID` says where it stands"),
        })?;
        print(&self.place, &answered(&payment))
    }
}
