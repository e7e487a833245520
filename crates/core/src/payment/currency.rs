//! Currencies of ISO 4217 and the digits of their minor units.

use crate::Language;
use std::fmt;
use std::str::FromStr;

/// Codes that are in use as money, with as many digits as their minor unit has: ISO 4217, list one, 2024-06-25. Without funds,
/// precious metals, accounting units and codes for tests.
const CODES: [(&str, u8); 3] = [
    (
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
        0,
    ),
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC \
         CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
         KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR \
         NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT \
         TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG",
        2,
    ),
    ("BHD IQD JOD KWD LYD OMR TND", 3),
];

/// A currency.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

/// No currency has this code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownCurrency;

impl Currency {
    /// Its code, three capitals.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Digits of its minor unit: 2 for cents.
    #[must_use]
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// An amount in minor units as a decimal number, with a dot and without grouping.
    #[must_use]
    pub fn decimal(self, amount: u64) -> String {
        let unit = 10_u64.pow(u32::from(self.digits));
        let width = usize::from(self.digits);
        if width == 0 {
            return amount.to_string();
        }
        format!("{}.{:0width$}", amount / unit, amount % unit)
    }

    /// An amount in minor units as people of this language write it, with the code: what CLDR says, and so any browser's
    /// `Intl.NumberFormat` with `currencyDisplay: "code"`.
    #[must_use]
    pub fn written(self, amount: u64, language: Language) -> String {
        let plain = self.decimal(amount);
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        let (group, decimal) = match language {
            Language::English => (',', "."),
            Language::German => ('.', ","),
        };
        let whole = grouped(whole, group);
        let point = if part.is_empty() { "" } else { decimal };
        match language {
            Language::English => format!("{self}\u{a0}{whole}{point}{part}"),
            Language::German => format!("{whole}{point}{part}\u{a0}{self}"),
        }
    }
}

/// Digits in groups of three.
fn grouped(digits: &str, mark: char) -> String {
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        let of = |(codes, _): &&(&str, u8)| codes.split_ascii_whitespace().any(|one| one == text);
        let (_, digits) = CODES.iter().find(of).ok_or(UnknownCurrency)?;
        Ok(Self {
            code,
            digits: *digits,
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (code, amount, expected) in [
            ("EUR", 1250, "12.50"),
            ("EUR", 5, "0.05"),
            ("JPY", 1250, "1250"),
            ("KWD", 1250, "1.250"),
        ] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(currency.decimal(amount), expected);
        }
    }

    #[test]
    fn amounts_are_written_as_their_language_does() {
        for (code, amount, english, german) in [
            ("EUR", 5, "EUR\u{a0}0.05", "0,05\u{a0}EUR"),
            ("EUR", 99_999, "EUR\u{a0}999.99", "999,99\u{a0}EUR"),
            ("EUR", 123_456, "EUR\u{a0}1,234.56", "1.234,56\u{a0}EUR"),
            ("JPY", 1_250_000, "JPY\u{a0}1,250,000", "1.250.000\u{a0}JPY"),
            ("KWD", 1250, "KWD\u{a0}1.250", "1,250\u{a0}KWD"),
        ] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(currency.written(amount, Language::English), english);
            assert_eq!(currency.written(amount, Language::German), german);
        }
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for bad in ["", "eur", "EURO", "XXX", "XAU", "EU ", "   "] {
            assert_eq!(bad.parse::<Currency>(), Err(UnknownCurrency), "{bad}");
        }
    }

    #[test]
    fn no_code_stands_twice() {
        let all: Vec<&str> = CODES
            .iter()
            .flat_map(|(codes, _)| codes.split_ascii_whitespace())
            .collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
        assert!(all.iter().all(|code| code.len() == 3));
    }
}
