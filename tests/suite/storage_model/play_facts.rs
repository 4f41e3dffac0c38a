//! Plays calls about facts.

use callboard::clock::Clock as _;
use callboard::domain::{Fact, FactId, FactScope, FactText};
use callboard::error::Reason;
use callboard::store::{FactPosition, FactQuery, NewFact, Storage};

use super::kept::FactFilter;
use super::model::{Creation, New};
use super::play::{Player, parsed};

impl<S: Storage> Player<S> {
    pub(super) async fn append_fact(&mut self, new: NewFact, request_id: Option<&'static str>) {
        let answer = self.store.append_fact(new.clone(), parsed(request_id)).await;
        let asked = New::Fact(new.clone());
        if let Err(reason) = self.model.facts(&new.scope).map(|_| ()) {
            let mut reasons = vec![reason];
            if let Creation::Refused(more) = self.model.creation(&asked, request_id) {
                reasons.extend(more);
            }
            return self.refused(answer, &reasons);
        }
        let Some((fact, repeated)) = self.created(&asked, request_id, answer) else { return };
        let id = fact.id.clone();
        if let Some(name) = repeated {
            assert_eq!(id.as_str(), name, "{}", self.said);
        } else {
            // A fact about a project is named in its id, after its title when need be.
            let is_made_up = new.name.is_empty() && new.scope.task().is_none();
            let name = if is_made_up { fact.text.name.clone() } else { new.name.clone() };
            let beginning = if new.scope.task().is_some() { "TASK-FACTS-" } else { "FACT-" };
            let is_named = new.scope.task().is_some() || id.as_str().ends_with(&format!("-{name}"));
            assert!(is_named && id.as_str().starts_with(beginning), "{}: {id}", self.said);
            assert!(fact.etag.is_some() && (!is_made_up || !name.is_empty()), "{}", self.said);
            let text = FactText {
                created_at: Some(self.clock.now()),
                name,
                run_id: new.run_id.clone(),
                title: new.title.clone(),
                body: new.body.clone(),
            };
            let etag = fact.etag.clone();
            let kept = Fact { scope: new.scope.clone(), id: id.clone(), text, etag, problem: None };
            let before =
                self.model.facts(&new.scope).expect("it was found").insert(id.clone(), kept);
            assert_eq!(before, None, "{}: {id} was there", self.said);
            self.remember(request_id, asked, id.as_str());
        }
        let kept = self.model.facts(&new.scope).expect("it was found")[&id].clone();
        assert_eq!(fact, without_body(kept), "{}", self.said);
    }

    pub(super) async fn fact(&mut self, scope: FactScope, which: usize) {
        let beginning = if scope.task().is_some() { "TASK-FACTS-" } else { "FACT-" };
        let missing = FactId::parse(&format!("{beginning}missing")).expect("an id");
        let facts = self.model.facts(&scope).map(|facts| facts.clone());
        let ids = facts.clone().unwrap_or_default();
        let id = ids.into_keys().nth(which).unwrap_or(missing);
        let expected = facts.and_then(|facts| facts.get(&id).cloned().ok_or(Reason::FactNotFound));
        let answer = self.store.fact(scope, id).await;
        if let Some(fact) = self.unless_refused(answer, expected.clone(), false) {
            assert_eq!(Ok(fact), expected, "{}", self.said);
        }
    }

    pub(super) async fn list_facts(&mut self, scope: FactScope, filter: FactFilter, limit: usize) {
        let found = self.model.facts(&scope).map(|facts| facts.clone());
        let FactFilter { run_id, since, until, with_bodies } = filter;
        let mut listed: Vec<Fact> = Vec::new();
        loop {
            let after = listed
                .last()
                .map(|fact| FactPosition { created_at: fact.text.created_at, id: fact.id.clone() });
            let query = FactQuery {
                scope: scope.clone(),
                run_id: run_id.clone(),
                since,
                until,
                with_bodies,
                after,
                limit,
            };
            let answer = self.store.list_facts(query).await;
            let Some(page) = self.unless_refused(answer, found.clone(), false) else { return };
            self.check_page(page.items.len(), limit, page.more);
            listed.extend(page.items);
            if !page.more {
                break;
            }
        }
        let mut expected: Vec<Fact> = found
            .expect("not refused")
            .into_values()
            .filter(|fact| run_id.is_empty() || fact.text.run_id == run_id)
            .filter(|fact| since.is_none_or(|since| fact.text.created_at >= Some(since)))
            .filter(|fact| until.is_none_or(|until| fact.text.created_at < Some(until)))
            .map(|fact| if with_bodies { fact } else { without_body(fact) })
            .collect();
        // Stable: those of one instant stay in the falling order of their ids.
        expected.reverse();
        expected.sort_by_key(|fact| std::cmp::Reverse(fact.text.created_at));
        assert_eq!(listed, expected, "{}", self.said);
    }

    /// Compares all facts about something, with their bodies.
    pub(super) async fn compare_facts(&mut self, scope: FactScope) {
        let filter =
            FactFilter { run_id: String::new(), since: None, until: None, with_bodies: true };
        self.list_facts(scope.clone(), filter, 2).await;
        for which in 0..self.model.facts(&scope).expect("it is there").len() {
            self.fact(scope.clone(), which).await;
        }
    }
}

fn without_body(mut fact: Fact) -> Fact {
    fact.text.body.clear();
    fact
}
