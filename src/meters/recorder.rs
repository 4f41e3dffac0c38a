//! The recorder of the metrics that are counted as things happen.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use super::names::{ALL, Kind, Metric};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// How often what the histograms were given is sorted into their buckets. Until then it is
/// kept one by one, 16 bytes each.
pub(super) const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Makes metrics, and shows them. No global one: whoever is not given it counts nothing.
pub(super) struct Recorder {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Recorder {
    /// Makes one that knows the help texts and the buckets, and has no metric yet.
    pub(super) fn new() -> Self {
        let recorder = ALL.iter().fold(PrometheusBuilder::new(), with_buckets).build_recorder();
        for Metric { name, kind, help } in ALL {
            let name = KeyName::from_const_str(name);
            match kind {
                Kind::Counter => recorder.describe_counter(name, None, (*help).into()),
                Kind::Gauge => recorder.describe_gauge(name, None, (*help).into()),
                Kind::Histogram(_) => recorder.describe_histogram(name, None, (*help).into()),
            }
        }
        Self { handle: recorder.handle(), recorder }
    }

    /// Returns the counter with these labels.
    pub(super) fn counter(&self, metric: &Metric, labels: Vec<Label>) -> Counter {
        debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        self.recorder.register_counter(&Key::from_parts(metric.name, labels), &METADATA)
    }

    /// Returns the gauge with these labels.
    pub(super) fn gauge(&self, metric: &Metric, labels: Vec<Label>) -> Gauge {
        debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        self.recorder.register_gauge(&Key::from_parts(metric.name, labels), &METADATA)
    }

    /// Returns the histogram with these labels.
    pub(super) fn histogram(&self, metric: &Metric, labels: Vec<Label>) -> Histogram {
        debug_assert!(matches!(metric.kind, Kind::Histogram(_)), "{}", metric.name);
        self.recorder.register_histogram(&Key::from_parts(metric.name, labels), &METADATA)
    }

    /// Returns all of them as text.
    pub(super) fn render(&self) -> String {
        self.handle.render()
    }

    /// Sorts what the histograms were given into their buckets.
    pub(super) fn keep_up(&self) {
        self.handle.run_upkeep();
    }
}

fn with_buckets(builder: PrometheusBuilder, metric: &Metric) -> PrometheusBuilder {
    match metric.kind {
        Kind::Histogram(buckets) => builder
            .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)
            .expect("there are buckets"),
        Kind::Counter | Kind::Gauge => builder,
    }
}
