//! Times of many runs.

use std::time::{Duration, Instant};

/// Runs are measured at least this often, however long they take.
const LEAST_RUNS: usize = 5;
/// And at most this often, so that memory is bounded.
const MOST_RUNS: usize = 1_000_000;

/// What a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// Half of the runs took no longer.
    pub(super) median: Duration,
    /// 95 in 100 runs took no longer.
    pub(super) p95: Duration,
    /// 99 in 100 runs took no longer.
    pub(super) p99: Duration,
}

impl Measured {
    /// What some times say, in any order.
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            median: quantile(&times, 50),
            p95: quantile(&times, 95),
            p99: quantile(&times, 99),
        }
    }
}

/// Runs something until `time` has gone, after a tenth of it for warming up. Each measurement covers `batch` runs, for
/// things that take less than the clock can tell.
pub(super) fn measure<E>(
    time: Duration,
    batch: u32,
    mut run: impl FnMut() -> Result<(), E>,
) -> Result<Measured, E> {
    let start = Instant::now();
    loop {
        run()?;
        if start.elapsed() >= time / 10 {
            break;
        }
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < LEAST_RUNS || (start.elapsed() < time && times.len() < MOST_RUNS) {
        let before = Instant::now();
        for _ in 0..batch {
            run()?;
        }
        times.push(before.elapsed() / batch);
    }
    Ok(Measured::of(times))
}

/// The smallest of sorted times that at least so many in 100 do not exceed (nearest rank).
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{measure, quantile};
    use std::time::Duration;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!(quantile(&times, 50), Duration::from_millis(10));
        assert_eq!(quantile(&times, 95), Duration::from_millis(19));
        assert_eq!(quantile(&times[..1], 95), Duration::from_millis(1));
    }

    #[test]
    fn a_batch_is_divided_by_its_runs() {
        let pause = Duration::from_millis(2);
        let slept = measure(Duration::from_millis(30), 3, || {
            std::thread::sleep(pause);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert!(
            slept.median >= pause && slept.median < 3 * pause,
            "{slept:?}"
        );
        assert!(slept.p95 >= slept.median);
    }

    #[test]
    fn a_run_that_fails_ends_the_measurement() {
        assert_eq!(
            measure(Duration::from_millis(1), 1, || Err("no")),
            Err("no")
        );
    }
}
