//! What a sweep has tried, and what it complains of: with all that it takes to do a case
//! again.

use std::env;
use std::fmt::Write as _;

use super::super::Fault;
use super::contract::{Breach, Complaint, Outcome};
use crate::nothing_lost::tally::Tally;

/// So many complaints are told in full, and so many of one mutation.
const TOLD_MAX: usize = 24;
const TOLD_OF_ONE_MAX: usize = 3;

/// One case.
pub(super) struct Case<'a> {
    pub(super) mutation: &'a str,
    pub(super) fault: Fault,
    /// The operation.
    pub(super) at: usize,
    /// What came then.
    pub(super) then: String,
    /// The operations.
    pub(super) trace: &'a [String],
    pub(super) outcome: &'a Outcome,
}

/// The cases of a sweep.
#[derive(Default)]
pub(super) struct Report {
    pub(super) tally: Tally,
    told: Vec<String>,
    complaints: usize,
}

impl Report {
    /// Whether a case is to be tried: `CALLBOARD_CASE` names one, as complaints do.
    pub(super) fn wants(&self, mutation: &str, fault: Fault, at: usize) -> bool {
        let Ok(wanted) = env::var("CALLBOARD_CASE") else { return true };
        format!("{mutation}: {fault:?} at {at}").starts_with(&wanted)
    }

    /// Notes a case.
    pub(super) fn add(&mut self, case: Case<'_>, complaint: Option<Complaint>) {
        self.tally.cases += 1;
        self.tally.acknowledged += usize::from(case.outcome.is_ok());
        let Some((breach, seen)) = complaint else { return };
        match breach {
            Breach::Lost => self.tally.lost += 1,
            Breach::Duplicated => self.tally.duplicated += 1,
            Breach::Torn => self.tally.torn += 1,
        }
        self.complaints += 1;
        let of_this = format!("CALLBOARD_CASE='{}:", case.mutation);
        let told_of_this = self.told.iter().filter(|told| told.contains(&of_this)).count();
        if self.told.len() < TOLD_MAX && told_of_this < TOLD_OF_ONE_MAX {
            let Case { mutation, fault, at, then, trace, outcome } = case;
            let mut told = format!(
                "{breach:?}: CALLBOARD_CASE='{mutation}: {fault:?} at {at}', then {then}\n  \
                 answered {outcome:?}\n  {seen}\n"
            );
            for operation in trace {
                let _ = writeln!(told, "    {operation}");
            }
            self.told.push(told);
        }
    }

    /// Fails when there is something to complain of; else prints the row.
    pub(super) fn settle(self, fault: &str, test: &str) {
        let Self { tally, told, complaints } = self;
        assert!(complaints == 0, "{complaints} of {} cases:\n{}", tally.cases, told.join("\n"));
        if env::var_os("CALLBOARD_CASE").is_none() {
            tally.settle(fault, test);
        }
    }
}
