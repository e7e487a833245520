//! The settings that say what may be paid.

use super::settings::Settings;
use crate::failure::Failure;
use countenance_core::{CurrencyLimit, PaymentLimits, RelyingParty, RelyingPartyError};
use std::sync::Arc;

/// Reads them.
pub(super) fn limits(settings: &Settings) -> Result<PaymentLimits, Failure> {
    let name = "payment-limits";
    let text = settings.get(name).filter(|text| !text.is_empty());
    let mut currencies: Vec<CurrencyLimit> = Vec::new();
    for one in text.into_iter().flat_map(|all| all.split(',')) {
        let limit = currency_limit(one.trim());
        let limit = limit.ok_or_else(|| {
            let why = "not CURRENCY=MOST/DAY apart by commas, with an ISO 4217 code and MOST up to DAY, in minor units";
            settings.refused(name, why)
        })?;
        let twice = currencies
            .iter()
            .any(|other| other.currency == limit.currency);
        if twice {
            return Err(settings.refused(name, "a currency stands there twice"));
        }
        currencies.push(limit);
    }
    Ok(PaymentLimits {
        currencies,
        per_day: settings.number("payments-per-day", 1, 1000)?,
        per_payee: settings.number("payments-per-payee", 1, 1000)?,
    })
}

/// For whom device keys are made, if for anybody.
pub(super) fn relying_party(settings: &Settings) -> Result<Option<Arc<RelyingParty>>, Failure> {
    let (party, origins) = ("relying-party", "device-key-origins");
    let named: Vec<&str> = settings
        .get(origins)
        .map(|all| all.split(',').map(str::trim).collect())
        .unwrap_or_default();
    let Some(id) = settings.get(party) else {
        if named.is_empty() {
            return Ok(None);
        }
        return Err(settings.refused(origins, "needs --relying-party"));
    };
    match RelyingParty::new(id, &named) {
        Ok(read) => Ok(Some(Arc::new(read))),
        Err(error @ RelyingPartyError::Id { .. }) => {
            Err(settings.refused(party, &error.to_string()))
        }
        Err(error) => Err(settings.refused(origins, &error.to_string())),
    }
}

fn currency_limit(text: &str) -> Option<CurrencyLimit> {
    let (code, limits) = text.split_once('=')?;
    let (most, per_day) = limits.split_once('/')?;
    let limit = CurrencyLimit {
        currency: code.parse().ok()?,
        most: most.parse().ok()?,
        per_day: per_day.parse().ok()?,
    };
    (1..=limit.per_day).contains(&limit.most).then_some(limit)
}

/// As it was read.
pub(super) fn text(limits: &PaymentLimits) -> Vec<String> {
    let text =
        |limit: &CurrencyLimit| format!("{}={}/{}", limit.currency, limit.most, limit.per_day);
    limits.currencies.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::currency_limit;

    #[test]
    fn a_limit_is_read_and_what_is_none_is_refused() {
        let limit = currency_limit("EUR=5000/20000").unwrap();
        assert_eq!((limit.most, limit.per_day), (5000, 20_000));
        for bad in [
            "",
            "EUR",
            "EUR=5000",
            "EUR=20001/20000",
            "EUR=0/5",
            "EUX=1/2",
            "EUR=1.5/2",
            "eur=1/2",
        ] {
            assert!(currency_limit(bad).is_none(), "{bad}");
        }
    }
}
