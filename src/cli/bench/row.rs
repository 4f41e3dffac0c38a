//! What a measurement found, and the median of several.

use serde_json::{Value, json};

use super::latencies::Latencies;
use super::server::Usage;

/// One row of the report: what one measurement found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// What was measured.
    pub(super) name: String,
    /// How many calls, streams or subscribers there were at once.
    pub(super) in_flight: usize,
    /// How many a second.
    pub(super) rate: f64,
    /// How long one took, in microseconds: half of them took no longer.
    pub(super) p50_us: Option<f64>,
    /// How long one took, in microseconds: 99 of 100 took no longer.
    pub(super) p99_us: Option<f64>,
    /// L: how often a second one thread appended and synced, right before.
    pub(super) l: Option<f64>,
    /// The rate by L.
    pub(super) ratio_to_l: Option<f64>,
    /// By the service in memory: the rate by its rate, or, where a time is what matters, the time by
    /// its time.
    pub(super) ratio_to_echo: Option<f64>,
    /// How much processor time the server took, in seconds.
    pub(super) server_cpu_s: Option<f64>,
    /// How much memory the server had at most, in 10^6 bytes.
    pub(super) server_rss_mb: Option<f64>,
    /// How much processor time those took who made the load, in seconds.
    pub(super) client_cpu_s: Option<f64>,
}

impl Row {
    /// Makes a row of how long things took that came at a rate.
    pub(super) fn of_times(name: &str, in_flight: usize, rate: f64, took: Latencies) -> Self {
        let percentiles = took.percentiles();
        Self {
            name: name.to_owned(),
            in_flight,
            rate,
            p50_us: percentiles.map(|(p50, _)| p50),
            p99_us: percentiles.map(|(_, p99)| p99),
            l: None,
            ratio_to_l: None,
            ratio_to_echo: None,
            server_cpu_s: None,
            server_rss_mb: None,
            client_cpu_s: None,
        }
    }

    /// Makes a row of things that were done one after another, as fast as they could.
    pub(super) fn of_calls(name: &str, took: Latencies) -> Self {
        let rate = took.rate();
        Self::of_times(name, 1, rate, took)
    }

    /// Adds what was used between two looks.
    pub(super) fn add_usage(&mut self, before: Usage, after: Usage) {
        let between = |figure: fn(&Usage) -> Option<f64>| {
            figure(&before).zip(figure(&after)).map(|(before, after)| after - before)
        };
        self.server_cpu_s = between(|usage| Some(usage.server?.cpu_s));
        self.client_cpu_s = between(|usage| usage.client_cpu_s);
        self.server_rss_mb = after.server.map(|server| server.peak_rss_mb);
    }

    /// Compares the rate with L.
    pub(super) fn compare_with_disk(&mut self, l: f64) {
        self.l = Some(l);
        self.ratio_to_l = Some(self.rate / l);
    }
}

/// The medians of one row over all runs, and how far the runs were apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Summary {
    /// The median of each figure by itself.
    pub(super) median: Row,
    /// How often it was measured.
    pub(super) runs: usize,
    /// The lowest and the highest rate.
    pub(super) rates: (f64, f64),
    /// The lowest and the highest of the p50.
    pub(super) p50s_us: Option<(f64, f64)>,
    /// The lowest and the highest ratio to L.
    pub(super) ratios_to_l: Option<(f64, f64)>,
    /// The lowest and the highest ratio to the echo.
    pub(super) ratios_to_echo: Option<(f64, f64)>,
}

/// Makes one summary of all rows of the same name and number in flight, in the order in which
/// they came first.
pub(super) fn summaries(rows: &[Row]) -> Vec<Summary> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let same = |group: &&mut Vec<&Row>| {
            group[0].name == row.name && group[0].in_flight == row.in_flight
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.iter().map(|group| summary(group)).collect()
}

fn summary(group: &[&Row]) -> Summary {
    let of = |figure: fn(&Row) -> Option<f64>| -> Vec<f64> {
        let mut figures: Vec<f64> = group.iter().filter_map(|row| figure(row)).collect();
        figures.sort_by(f64::total_cmp);
        figures
    };
    let rates = of(|row| Some(row.rate));
    let p50s = of(|row| row.p50_us);
    let to_l = of(|row| row.ratio_to_l);
    let to_echo = of(|row| row.ratio_to_echo);
    let median = Row {
        name: group[0].name.clone(),
        in_flight: group[0].in_flight,
        rate: median(&rates).unwrap_or(0.0),
        p50_us: median(&p50s),
        p99_us: median(&of(|row| row.p99_us)),
        l: median(&of(|row| row.l)),
        ratio_to_l: median(&to_l),
        ratio_to_echo: median(&to_echo),
        server_cpu_s: median(&of(|row| row.server_cpu_s)),
        server_rss_mb: median(&of(|row| row.server_rss_mb)),
        client_cpu_s: median(&of(|row| row.client_cpu_s)),
    };
    let ends = |figures: &[f64]| Some((*figures.first()?, *figures.last()?));
    Summary {
        median,
        runs: group.len(),
        rates: ends(&rates).unwrap_or((0.0, 0.0)),
        p50s_us: ends(&p50s),
        ratios_to_l: ends(&to_l),
        ratios_to_echo: ends(&to_echo),
    }
}

/// Returns the median of sorted figures.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { (sorted[middle - 1] + upper) / 2.0 })
}

impl Summary {
    /// Returns it as JSON: the row, and the spread of its runs.
    pub(super) fn json(&self) -> Value {
        let row = &self.median;
        let least = |ends: Option<(f64, f64)>| ends.map(|(least, _)| rounded(least));
        let most = |ends: Option<(f64, f64)>| ends.map(|(_, most)| rounded(most));
        json!({
            "name": row.name,
            "in_flight": row.in_flight,
            "rate": rounded(row.rate),
            "p50_us": row.p50_us.map(rounded),
            "p99_us": row.p99_us.map(rounded),
            "ratio_to_l": row.ratio_to_l.map(rounded),
            "ratio_to_echo": row.ratio_to_echo.map(rounded),
            "server_cpu_s": row.server_cpu_s.map(rounded),
            "server_rss_mb": row.server_rss_mb.map(rounded),
            "client_cpu_s": row.client_cpu_s.map(rounded),
            "l": row.l.map(rounded),
            "runs": self.runs,
            "rate_min": rounded(self.rates.0),
            "rate_max": rounded(self.rates.1),
            "p50_us_min": least(self.p50s_us),
            "p50_us_max": most(self.p50s_us),
            "ratio_to_l_min": least(self.ratios_to_l),
            "ratio_to_l_max": most(self.ratios_to_l),
            "ratio_to_echo_min": least(self.ratios_to_echo),
            "ratio_to_echo_max": most(self.ratios_to_echo),
        })
    }

    /// Returns the cells of its line, in the order of [`COLUMNS`].
    pub(super) fn cells(&self) -> Vec<String> {
        let row = &self.median;
        let optional = |figure: Option<f64>| figure.map(shown).unwrap_or_default();
        vec![
            row.name.clone(),
            row.in_flight.to_string(),
            shown(row.rate),
            format!("{}–{}", shown(self.rates.0), shown(self.rates.1)),
            optional(row.p50_us),
            optional(row.p99_us),
            optional(row.l),
            optional(row.ratio_to_l),
            optional(row.ratio_to_echo),
            optional(row.server_cpu_s),
            optional(row.client_cpu_s),
            optional(row.server_rss_mb),
        ]
    }
}

/// Three figures say as much as a measurement knows.
fn shown(figure: f64) -> String {
    match figure {
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, in_flight: usize, rate: f64) -> Row {
        let nothing = Row::of_times(name, in_flight, rate, Latencies::default());
        Row { p50_us: Some(1e6 / rate), ..nothing }
    }

    #[test]
    fn the_median_is_of_the_rows_of_one_name_and_number_in_flight() {
        let rows = [row("a", 1, 5.0), row("b", 1, 7.0), row("a", 1, 1.0), row("a", 2, 9.0)];
        let rows = [&rows[..], &[row("a", 1, 4.0)]].concat();
        let summaries = summaries(&rows);
        let of = |at: usize| (summaries[at].median.rate, summaries[at].runs, summaries[at].rates);
        assert_eq!(of(0), (4.0, 3, (1.0, 5.0)));
        assert_eq!(of(1), (7.0, 1, (7.0, 7.0)));
        assert_eq!(of(2), (9.0, 1, (9.0, 9.0)));
        assert_eq!(summaries.len(), 3);
        assert_eq!(summaries[0].median.p50_us, Some(250_000.0));
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn what_was_not_measured_is_null() {
        let json = summaries(&[row("a", 1, 2.0)])[0].json();
        assert_eq!(json["rate"], 2.0);
        assert!(json["p99_us"].is_null() && json["ratio_to_l"].is_null());
        assert!(json["server_cpu_s"].is_null());
    }
}
