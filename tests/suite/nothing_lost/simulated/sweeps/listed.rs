//! The list of mutations is that of the services: a method that is added is a mutation with
//! an entry, or a read.

use std::collections::BTreeSet;

use callboard::grpc::DESCRIPTORS;
use prost_reflect::DescriptorPool;

use super::{bus_mutations, run_mutations, task_mutations};

/// The methods that change nothing.
const READS: [&str; 23] = [
    "MessageBus.ReadMessages",
    "MessageBus.PollForNew",
    "MessageBus.GetMessage",
    "MessageBus.Subscribe",
    "MessageBus.ListBuses",
    "Storage.GetServerInfo",
    "Storage.GetProject",
    "Storage.ListProjects",
    "Storage.GetTask",
    "Storage.ListTasks",
    "Storage.GetTaskState",
    "Storage.ReadTaskLog",
    "Storage.GetArtifact",
    "Storage.ListArtifacts",
    "Storage.GetFact",
    "Storage.ListFacts",
    "Storage.GetRunInfo",
    "Storage.ListRuns",
    "Storage.GetRunMeta",
    "Storage.GetRunTree",
    "Storage.ReadRunFile",
    "Storage.ListRunFiles",
    "Storage.Watch",
];

#[test]
fn every_method_of_both_services_is_swept_or_changes_nothing() {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
    let methods: BTreeSet<String> = pool
        .services()
        .flat_map(|service| {
            let of = service.name().to_owned();
            let names: Vec<_> =
                service.methods().map(|method| format!("{of}.{}", method.name())).collect();
            names
        })
        .collect();
    let mutations = [
        bus_mutations::all(),
        task_mutations::projects_and_tasks(),
        task_mutations::kept_by_tasks(),
        run_mutations::all(),
    ];
    let swept = mutations.iter().flatten().flat_map(|mutation| mutation.methods);
    let listed = swept.copied().chain(READS).map(str::to_owned);
    assert_eq!(listed.collect::<BTreeSet<_>>(), methods);
    let names: BTreeSet<&str> = mutations.iter().flatten().map(|mutation| mutation.name).collect();
    let count = mutations.iter().flatten().count();
    assert_eq!(names.len(), count, "each has a name of its own");
}
