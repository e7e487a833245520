//! Counters and times of the whole server, for OpenMetrics. No label can name a person, a tenant or a key.

use countenance_core::StageTimings;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper edges of the buckets in seconds: a picture takes milliseconds, a full queue seconds.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

type Times = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<[(&'static str, String); 3], Counter>,
    outcomes: Family<[(&'static str, &'static str); 2], Counter>,
    request_times: Times,
    stage_times: Times,
    free_places: Gauge,
    collections_to_load: Gauge,
    dropped_log_lines: Gauge,
}

fn times() -> Times {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("countenance"),
            requests: Family::default(),
            outcomes: Family::default(),
            request_times: times(),
            stage_times: times(),
            free_places: Gauge::default(),
            collections_to_load: Gauge::default(),
            dropped_log_lines: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "requests",
            "Requests by route, method and status",
            metrics.requests.clone(),
        );
        registry.register("outcomes", "Outcomes by use case", metrics.outcomes.clone());
        registry.register_with_unit(
            "request",
            "Time from the headers to the answer",
            Unit::Seconds,
            metrics.request_times.clone(),
        );
        registry.register_with_unit(
            "stage",
            "Time of each stage of the work",
            Unit::Seconds,
            metrics.stage_times.clone(),
        );
        registry.register(
            "free_places",
            "Requests with pictures that could be accepted now",
            metrics.free_places.clone(),
        );
        registry.register(
            "collections_to_load",
            "Collections whose members are not in memory yet: identify is answered 503 there",
            metrics.collections_to_load.clone(),
        );
        registry.register(
            "dropped_log_lines",
            "Lines of the log that were lost because nobody read them in time",
            metrics.dropped_log_lines.clone(),
        );
        metrics
    }

    /// Counts a request that was answered.
    pub(crate) fn request(&self, method: &str, path: &'static str, status: u16, took: Duration) {
        let labels = [
            ("method", method.to_owned()),
            ("route", path.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        let times = self.request_times.get_or_create(&[("route", path)]);
        times.observe(took.as_secs_f64());
    }

    /// Counts an outcome of a use case, and the time of its stages.
    pub(crate) fn outcome(
        &self,
        use_case: &'static str,
        outcome: &'static str,
        timings: &StageTimings,
    ) {
        let labels = [("use_case", use_case), ("outcome", outcome)];
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        tracing::debug!(
            use_case,
            outcome,
            decode_ms = ms(timings.decode),
            detect_ms = ms(timings.detect),
            align_ms = ms(timings.align),
            embed_ms = ms(timings.embed),
            compare_ms = ms(timings.compare),
            total_ms = ms(timings.total),
            "stages"
        );
        self.outcomes.get_or_create(&labels).inc();
        for (stage, took) in [
            ("decode", timings.decode),
            ("detect", timings.detect),
            ("align", timings.align),
            ("embed", timings.embed),
            ("compare", timings.compare),
        ] {
            if took > Duration::ZERO {
                let times = self.stage_times.get_or_create(&[("stage", stage)]);
                times.observe(took.as_secs_f64());
            }
        }
    }

    /// Everything, as OpenMetrics text.
    pub(crate) fn text(
        &self,
        free_places: usize,
        collections_to_load: usize,
        dropped_log_lines: u64,
    ) -> Result<String, std::fmt::Error> {
        self.free_places
            .set(i64::try_from(free_places).unwrap_or(i64::MAX));
        self.collections_to_load
            .set(i64::try_from(collections_to_load).unwrap_or(i64::MAX));
        self.dropped_log_lines
            .set(i64::try_from(dropped_log_lines).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
