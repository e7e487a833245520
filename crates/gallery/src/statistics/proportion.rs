//! How sure an observed share is.

/// The ends of a confidence interval of a share, each in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The exact two-sided interval of a share of independent trials (Clopper and Pearson, "The
/// use of confidence or fiducial limits illustrated in the case of the binomial",
/// Biometrika 26, 1934), at confidence 1 − `alpha`.
///
/// `events` of `trials` were seen; without trials nothing is known: 0..=1.
#[must_use]
pub fn clopper_pearson(events: u64, trials: u64, alpha: f64) -> Interval {
    Interval {
        low: lower_bound(events, trials, alpha / 2.0),
        high: upper_bound(events, trials, alpha / 2.0),
    }
}

/// The exact one-sided upper bound of a share at confidence 1 − `alpha`: the share at which
/// `events` or fewer in `trials` have probability `alpha`.
#[must_use]
pub fn upper_bound(events: u64, trials: u64, alpha: f64) -> f64 {
    if events >= trials {
        return 1.0;
    }
    // P(X <= k; n, p) = 1 - I_p(k + 1, n - k), which falls as p rises.
    let (a, b) = (events as f64 + 1.0, (trials - events) as f64);
    bisect(|share| 1.0 - incomplete_beta(a, b, share) > alpha)
}

/// The share that a run without any event rules out at 95 %: 3 / `trials`, at most 1
/// (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249,
/// 1983). [`upper_bound`] is exact; this is the figure to keep in mind.
#[must_use]
pub fn rule_of_three(trials: u64) -> f64 {
    if trials == 0 {
        1.0
    } else {
        (3.0 / trials as f64).min(1.0)
    }
}

fn lower_bound(events: u64, trials: u64, alpha: f64) -> f64 {
    if events == 0 || trials == 0 {
        return 0.0;
    }
    let events = events.min(trials);
    // P(X >= k; n, p) = I_p(k, n - k + 1), which rises with p.
    let (a, b) = (events as f64, (trials - events) as f64 + 1.0);
    bisect(|share| incomplete_beta(a, b, share) < alpha)
}

/// The share in 0..=1 up to which `below` holds.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // Each step halves; rates of 1e-9 still come out to nine digits.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function `I_x(a, b)` for a, b > 0, by its continued
/// fraction (DLMF 8.17.22) evaluated with Lentz's method as modified by Thompson and
/// Barnett ("Coulomb and Bessel functions of complex arguments and order", J. Comput. Phys.
/// 64, 1986); relative accuracy about 1e-10 for a, b up to 1e8.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean only; the other is its mirror.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let log_front = a * x.ln() + b * (-x).ln_1p() - a.ln() + libm::lgamma(a + b)
        - libm::lgamma(a)
        - libm::lgamma(b);
    log_front.exp() / continued_fraction(a, b, x)
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let term = |n: usize| {
        let m = (n / 2) as f64;
        if n == 0 {
            1.0
        } else if n.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    // Of the order of sqrt(max(a, b)) terms are needed: 1e4 for 1e8.
    for n in 1..200_000 {
        d = 1.0 / away_from_zero(1.0 + term(n) * d);
        c = away_from_zero(1.0 + term(n) / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < 1e-13 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{clopper_pearson, rule_of_three, upper_bound};
    use proptest::prelude::*;

    /// P(X <= k) of the binomial by summing its terms, each from its logarithm, so that
    /// none vanishes.
    fn cumulative(k: u64, n: u64, p: f64) -> f64 {
        let mut log_term = n as f64 * (-p).ln_1p();
        let mut sum = log_term.exp();
        for i in 0..k {
            log_term += ((n - i) as f64 / (i + 1) as f64).ln() + p.ln() - (-p).ln_1p();
            sum += log_term.exp();
        }
        sum
    }

    #[test]
    fn known_intervals_come_out() {
        struct Case {
            events: u64,
            trials: u64,
            low: f64,
            high: f64,
        }
        // 0 of n and n of n in closed form; the others from R's binom.test.
        let cases = [
            Case {
                events: 0,
                trials: 10,
                low: 0.0,
                high: 1.0 - 0.025_f64.powf(0.1),
            },
            Case {
                events: 10,
                trials: 10,
                low: 0.025_f64.powf(0.1),
                high: 1.0,
            },
            Case {
                events: 5,
                trials: 10,
                low: 0.187_086_0,
                high: 0.812_914_0,
            },
            Case {
                events: 1,
                trials: 100,
                low: 0.000_253_1,
                high: 0.054_459_4,
            },
        ];
        for Case {
            events,
            trials,
            low,
            high,
        } in cases
        {
            let got = clopper_pearson(events, trials, 0.05);
            assert!(
                (got.low - low).abs() < 1e-6,
                "{events} of {trials}: low {}",
                got.low
            );
            assert!(
                (got.high - high).abs() < 1e-6,
                "{events} of {trials}: high {}",
                got.high
            );
        }
    }

    #[test]
    fn nothing_seen_in_many_trials_is_the_rule_of_three() {
        for trials in [100, 30_000, 12_000_000] {
            let exact = upper_bound(0, trials, 0.05);
            let closed = 1.0 - 0.05_f64.powf(1.0 / trials as f64);
            assert!(
                (exact / closed - 1.0).abs() < 1e-6,
                "{trials}: {exact} {closed}"
            );
            assert!((exact / rule_of_three(trials) - 1.0).abs() < 0.02);
        }
        assert!((rule_of_three(0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_dozen_events_in_twelve_millions_follow_the_poisson_bound() {
        // Upper 95 % bound of a Poisson mean after 12 events: half the chi-square quantile
        // with 26 degrees of freedom, 38.885 / 2.
        let bound = upper_bound(12, 12_000_000, 0.05) * 12_000_000.0;
        assert!((bound - 19.4426).abs() < 1e-3, "{bound}");
    }

    #[test]
    fn no_trials_say_nothing() {
        let got = clopper_pearson(0, 0, 0.05);
        assert!(got.low.abs() < 1e-12 && (got.high - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn at_the_upper_bound_so_few_events_have_probability_alpha(
            trials in 1_u64..400, part in 0.0_f64..1.0, alpha in 0.01_f64..0.5,
        ) {
            let events = (part * trials as f64) as u64;
            let bound = upper_bound(events, trials, alpha);
            prop_assert!((cumulative(events, trials, bound) - alpha).abs() < 1e-6);
        }
    }
}
