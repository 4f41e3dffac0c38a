//! Lists of facts, newest first.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::disk::Status;
use crate::domain::{Fact, FactId, FactScope, TreePath};
use crate::error::{Reason, Result};
use crate::layout::{fact_names, paths};
use crate::limits::ANSWER_BYTES_MAX;
use crate::store::{FactPosition, FactQuery, Page};

use super::Tree;

/// Facts that are remembered; beyond this many they are read again.
const KNOWN_MAX: usize = 65_536;

/// Facts without their bodies, by what their files were when they were read: a list is
/// sorted by what they say.
#[derive(Default)]
pub(super) struct FactHeads {
    known: Mutex<HashMap<TreePath, (Status, Fact)>>,
}

impl Tree {
    /// Lists facts, newest first.
    pub(in crate::files) fn list_facts(&self, query: &FactQuery) -> Result<Page<Fact>> {
        self.demand_scope(&query.scope)?;
        let mut facts: Vec<(FactPosition, Fact)> = Vec::new();
        for id in self.fact_ids(&query.scope)? {
            let fact = match self.fact_head(&query.scope, &id) {
                Ok(fact) => fact,
                // Removed meanwhile.
                Err(error) if error.reason() == Reason::FactNotFound => continue,
                Err(error) => return Err(error),
            };
            let position = FactPosition { created_at: fact.text.created_at, id };
            if query.takes(&fact) && query.after.as_ref().is_none_or(|after| position < *after) {
                facts.push((position, fact));
            }
        }
        facts.sort_by(|(one, _), (other, _)| other.cmp(one));
        let mut page = Page { items: Vec::new(), more: false };
        let mut body_bytes = 0;
        for (_, mut fact) in facts {
            // More bodies than fit into an answer are for the next page.
            if page.items.len() == query.limit || body_bytes >= ANSWER_BYTES_MAX {
                page.more = true;
                break;
            }
            if query.with_bodies
                && fact.problem.is_none()
                && let Ok(whole) = self.read_fact(&fact.scope, &fact.id)
            {
                body_bytes += whole.text.body.len();
                fact = whole;
            }
            page.items.push(fact);
        }
        Ok(page)
    }

    /// Returns a fact without its body; reads it only when it has changed.
    fn fact_head(&self, scope: &FactScope, id: &FactId) -> Result<Fact> {
        let path = fact_names::file(scope, id.as_str());
        let status = self.disk.status(&path).ok().flatten();
        if let Some(status) = status
            && let Some((seen, fact)) = super::locked(&self.fact_heads.known).get(&path)
            && *seen == status
        {
            return Ok(fact.clone());
        }
        let fact = self.show_fact(scope, id)?;
        if let Some(status) = status {
            let mut known = super::locked(&self.fact_heads.known);
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            known.insert(path, (status, fact.clone()));
        }
        Ok(fact)
    }

    /// Lists the ids of the facts about something, in no order.
    pub(super) fn fact_ids(&self, scope: &FactScope) -> Result<Vec<FactId>> {
        let entries = self.disk.list(&paths::facts_folder(scope))?.unwrap_or_default();
        let ids = entries.iter().filter_map(|entry| fact_names::fact_of_file(scope, &entry.name));
        Ok(ids.collect())
    }
}

impl FactQuery {
    fn takes(&self, fact: &Fact) -> bool {
        let at = fact.text.created_at;
        (self.run_id.is_empty() || self.run_id == fact.text.run_id)
            && self.since.is_none_or(|since| at.is_some_and(|at| at >= since))
            && self.until.is_none_or(|until| at.is_some_and(|at| at < until))
    }
}
