//! What is looked up when somebody asks for it: the process, the disk, the projects. It is
//! written as text here, so that what is gone is gone from the next answer.

use std::fmt::Write as _;
use std::process;

use jiff::Timestamp;

use crate::host;
use crate::limits::METERED_PROJECTS_MAX;

use super::names::{self, Metric};

/// What others found out and handed in.
#[derive(Default)]
pub(super) struct Found {
    /// The largest first, and at the end all others without a name.
    projects: Vec<(String, u64)>,
    disk_free: Option<u64>,
    certificate_expires: Option<Timestamp>,
}

impl Found {
    /// Replaces what is known of the projects.
    pub(super) fn set_projects(&mut self, bytes: &[(String, u64)]) {
        let mut projects = bytes.to_vec();
        projects.sort_by(|(one, a), (other, b)| b.cmp(a).then_with(|| one.cmp(other)));
        let further = projects.split_off(projects.len().min(METERED_PROJECTS_MAX));
        if !further.is_empty() {
            let bytes = further.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
            projects.push((String::new(), bytes));
        }
        self.projects = projects;
    }

    /// Replaces what is known of the disk.
    pub(super) fn set_disk_free(&mut self, bytes: u64) {
        self.disk_free = Some(bytes);
    }

    /// Replaces what is known of the server's certificate.
    pub(super) fn set_certificate_expires(&mut self, at: Timestamp) {
        self.certificate_expires = Some(at);
    }

    /// Writes what is known.
    pub(super) fn write(&self, text: &mut Text) {
        if let Some(bytes) = self.disk_free {
            text.single(&names::DISK_FREE, bytes);
        }
        if let Some(at) = self.certificate_expires {
            text.single(&names::CERTIFICATE_EXPIRES, at.as_second());
        }
        if !self.projects.is_empty() {
            text.begin(&names::PROJECT_BYTES);
        }
        for (project, bytes) in &self.projects {
            text.sample(&names::PROJECT_BYTES, &[("project", project)], bytes);
        }
    }
}

/// Writes what the system tells of this process; nothing where it does not.
pub(super) fn write_process(text: &mut Text) {
    if let Some(used) = host::usage(i64::from(process::id())) {
        text.single(&names::PROCESS_CPU, used.cpu.as_secs_f64());
        text.single(&names::PROCESS_MEMORY, used.resident_bytes);
    }
    if let Some(start) = host::process_start() {
        text.single(&names::PROCESS_START, start.as_second());
    }
    if let Some(descriptors) = host::open_descriptors() {
        text.single(&names::PROCESS_DESCRIPTORS, descriptors);
    }
}

/// Metrics in the text format of Prometheus.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// Adds a metric that was written elsewhere.
    pub(super) fn add(&mut self, written: &str) {
        self.0.push_str(written);
    }

    /// Begins a metric: all its values have to follow.
    pub(super) fn begin(&mut self, metric: &Metric) {
        let Metric { name, kind, help } = metric;
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str());
    }

    /// Writes one value of a metric that was begun.
    pub(super) fn sample(
        &mut self,
        metric: &Metric,
        labels: &[(&str, &str)],
        value: impl std::fmt::Display,
    ) {
        self.0.push_str(metric.name);
        for (number, (name, label)) in labels.iter().enumerate() {
            let separator = if number == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{separator}{name}=\"{}\"", escaped(label));
        }
        self.0.push_str(if labels.is_empty() { "" } else { "}" });
        let _ = writeln!(self.0, " {value}");
    }

    /// Writes a metric that has one value.
    fn single(&mut self, metric: &Metric, value: impl std::fmt::Display) {
        self.begin(metric);
        self.sample(metric, &[], value);
    }

    /// Returns the metrics in the order of their names, so that two answers can be compared.
    pub(super) fn sorted(&self) -> String {
        let mut metrics: Vec<Vec<&str>> = Vec::new();
        for line in self.0.lines().filter(|line| !line.is_empty()) {
            match metrics.last_mut().filter(|_| !line.starts_with("# HELP ")) {
                Some(metric) => metric.push(line),
                None => metrics.push(vec![line]),
            }
        }
        metrics.sort_by_key(|metric| metric.first().copied());
        metrics.concat().iter().map(|line| format!("{line}\n")).collect()
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(found: &Found) -> Vec<String> {
        let mut text = Text::default();
        found.write(&mut text);
        text.sorted().lines().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_project_that_was_removed_is_not_in_the_next_answer() {
        let mut found = Found::default();
        let demo = || ("demo".to_owned(), 7);
        found.set_projects(&[demo(), ("other".to_owned(), 900)]);
        let lines = written(&found);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert_eq!(lines[2], r#"callboard_project_bytes{project="other"} 900"#);
        assert_eq!(lines[3], r#"callboard_project_bytes{project="demo"} 7"#);
        found.set_projects(&[demo()]);
        assert_eq!(written(&found)[2..], [r#"callboard_project_bytes{project="demo"} 7"#]);
        found.set_projects(&[]);
        assert!(written(&found).is_empty());
    }

    #[test]
    fn of_many_projects_the_largest_have_names_and_nothing_is_left_out_of_the_sum() {
        let mut found = Found::default();
        let count = METERED_PROJECTS_MAX as u64 + 10;
        let all: Vec<_> = (1..=count).map(|bytes| (format!("p{bytes}"), bytes)).collect();
        found.set_projects(&all);
        assert_eq!(found.projects.len(), METERED_PROJECTS_MAX + 1);
        assert_eq!(found.projects[0], (format!("p{count}"), count));
        assert_eq!(found.projects[METERED_PROJECTS_MAX], (String::new(), (1..=10).sum()));
        let last = written(&found).pop().expect("a line");
        assert_eq!(last, r#"callboard_project_bytes{project=""} 55"#);
    }

    #[test]
    fn a_name_can_hold_anything_and_breaks_no_line() {
        let mut found = Found::default();
        found.set_projects(&[("a\\\"b\n} 1".to_owned(), 3)]);
        found.set_disk_free(u64::MAX);
        let lines = written(&found);
        assert_eq!(lines[2], "callboard_disk_free_bytes 18446744073709551615");
        assert_eq!(lines[5], r#"callboard_project_bytes{project="a\\\"b\n} 1"} 3"#);
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn metrics_are_sorted_by_their_names() {
        let mut text = Text::default();
        text.single(&names::PROCESS_MEMORY, 1);
        text.add(
            "# HELP a It.\n# TYPE a gauge\na{x=\"1\"} 2\n\n# HELP b It.\n# TYPE b gauge\nb 1\n",
        );
        let sorted = text.sorted();
        let names: Vec<_> = sorted.lines().map(|line| line.replace("# ", "")).collect();
        let begins = ["HELP a", "TYPE a", "a{", "HELP b", "TYPE b", "b ", "HELP p", "TYPE p", "p"];
        assert!(names.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{sorted}");
        assert_eq!(names.len(), begins.len());
    }
}
