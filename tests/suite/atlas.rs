//! Tasks that survive: records, checkpoints, logs and artifacts. The lines are those of
//! the cases that the program which first kept tasks so is tested with, and those that it
//! fails; below each stand its tests, those of other modules with their names.
//!
//! **Create: every field, schema_version 1.0; a second one refused; empty ids and
//! missing tasks refused; a cancelled call changes nothing**
//!
//! - `records::a_new_record_has_every_field_in_its_place_and_schema_version_1_0`
//! - `records::every_call_refuses_an_empty_project_or_task`
//! - `concurrency::a_create_that_fails_or_is_cancelled_never_removes_what_it_did_not_make`
//! - `tasks::create::an_existing_task_is_not_created_again`
//! - `tasks::create::a_new_task_has_its_documents_and_only_those_with_something_in_them`
//!
//! **Get: what was created; a missing task; a record that does not parse is corrupt,
//! with path and place**
//!
//! - `records::a_new_record_has_every_field_in_its_place_and_schema_version_1_0`
//! - `records::a_record_that_does_not_parse_is_corrupt_and_says_where`
//! - `records::every_call_refuses_an_empty_project_or_task`
//! - `transitions::a_move_with_a_stale_etag_or_of_what_is_missing_or_damaged_is_refused`
//!
//! **Update: status, current step and description; updated_at; a missing task; no
//! temporary file left**
//!
//! - `records::an_update_of_status_step_and_description_is_kept_and_leaves_no_temporary_file`
//! - `records::new_steps_keep_the_state_of_those_that_stay_where_they_are`
//! - `records::metadata_is_merged_key_by_key_and_null_removes_one`
//! - `refused::metadata_that_other_readers_would_choke_on_is_refused_and_read_when_it_is_anothers`
//! - `refused::an_update_that_is_too_large_changes_no_document_of_the_task`
//! - `tasks::documents::each_field_is_changed_by_its_mask_alone_and_no_other`
//! - `tasks::documents::a_stale_etag_is_refused_and_changes_no_document`
//!
//! **List: newest first; empty and absent; what is no task; damaged; given up half-
//! way**
//!
//! - `lists::three_tasks_are_listed_newest_first_without_what_grows_with_them`
//! - `lists::an_empty_and_an_absent_project_have_an_empty_list`
//! - `lists::a_damaged_task_is_listed_as_damaged_with_its_path`
//! - `lists::a_task_whose_record_is_locked_is_listed_and_read`
//! - `lists::a_list_that_is_given_up_half_way_stops_and_disturbs_nobody`
//! - `tasks::create::tasks_are_listed_newest_first_by_their_record_else_by_their_id`
//! - `tasks::damage::stray_files_and_dotted_folders_are_no_projects_tasks_or_runs`
//! - `tasks::damage::a_damaged_task_is_listed_with_its_problem_between_its_neighbours`
//!
//! **Delete: the folder; a missing task; racing three appenders**
//!
//! - `concurrency::a_delete_that_races_three_appenders_leaves_no_half_folder`
//! - `runs::removal::a_removed_task_is_gone_with_its_runs_and_its_bus`
//!
//! **Checkpoints: a result, its step, the current step and the status in one write**
//!
//! - `steps::a_result_is_appended_and_says_how_its_step_is`
//! - `steps::a_step_that_is_tried_again_has_several_results_and_counts_its_attempts`
//! - `steps::what_a_result_leaves_out_is_taken_from_its_step_and_the_clock`
//! - `steps::a_result_the_current_step_and_the_status_are_saved_in_one_write`
//! - `steps::a_reader_never_sees_half_of_a_checkpoint`
//! - `steps::a_step_that_the_task_does_not_have_is_refused_and_nothing_is_saved`
//! - `steps::with_a_stale_etag_or_a_refused_move_nothing_is_saved`
//! - `steps::what_a_result_must_have_and_must_not_is_refused`
//! - `steps::a_record_that_would_be_over_2_mib_is_refused_and_stays_as_it_is`
//! - `refused::a_record_too_full_for_another_result_can_still_be_moved_to_its_end`
//! - `storage_faults::shown::the_first_checkpoint_in_a_folder_of_another_program_syncs_its_name`
//! - `steps::a_result_of_a_damaged_record_is_refused_and_leaves_it`
//! - `steps::the_times_of_what_is_saved_later_are_not_earlier`
//!
//! **Log: in order; the missing newline; 20 at once; a missing task; an absent log; a
//! torn last line**
//!
//! - `task_log::two_entries_are_both_there_in_order_one_a_line`
//! - `task_log::a_missing_final_newline_is_added`
//! - `task_log::of_20_concurrent_appends_all_are_there_and_each_batch_in_one_piece`
//! - `task_log::reading_a_log_that_does_not_exist_yet_gives_an_empty_log`
//! - `task_log::a_torn_last_line_is_closed_and_reported_as_damaged`
//! - `task_log::a_batch_of_1000_is_appended_whole_and_one_more_is_refused`
//! - `task_log::entries_that_are_no_object_or_over_64_kib_are_refused_and_nothing_is_appended`
//! - `task_log::what_is_no_text_is_damaged_and_hides_nothing`
//! - `log_lines::entries_that_other_readers_would_choke_on_are_refused_and_read_when_they_are_anothers`
//! - `log_lines::a_line_too_long_to_be_an_entry_comes_once_cut_and_damaged_and_reading_goes_on_behind_it`
//! - `task_log::a_symlink_in_place_of_a_log_is_refused_and_never_followed`
//! - `task_log::a_large_log_is_read_in_parts_and_completely`
//!
//! **Log: repeated and followed**
//!
//! - `task_log::a_request_id_makes_a_repetition_the_first_answer_also_after_a_crash`
//! - `task_log::repetitions_at_once_append_once`
//! - `task_log::a_follower_goes_on_from_its_next_offset_after_a_restart`
//! - `task_log::a_follower_sees_what_a_shell_appends`
//! - `storage_faults::shown`: nothing before its sync
//! - `task_log::a_follower_is_told_when_the_task_is_removed_and_when_the_log_begins_anew`
//!
//! **Artifacts: save and get; sorted, of all depths; empty; names refused and
//! accepted; symlinks; missing ones; empty names**
//!
//! - `artifacts::an_artifact_is_saved_and_returned_as_it_is`
//! - `artifacts::artifacts_of_all_depths_are_listed_in_the_order_of_their_paths`
//! - `artifacts::names_that_climb_out_are_refused_and_nothing_is_written`
//! - `artifacts::names_with_dots_and_folders_are_accepted_and_listed`
//! - `artifacts::names_that_are_nothing_but_an_ending_of_others_files_are_refused`
//! - `artifacts::a_repeated_save_with_its_request_id_does_not_overwrite_a_newer_one`
//! - `artifacts::a_symlink_inside_artifacts_is_refused_and_never_followed`
//! - `artifacts::a_missing_artifact_or_task_is_not_found_and_nothing_is_made`
//! - `artifacts::a_folder_and_a_file_do_not_take_each_others_place`
//! - `artifacts::an_attachment_gets_a_name_of_its_own_that_messages_point_to`
//! - `artifacts::a_deleted_artifact_is_gone_and_its_neighbours_stay`
//! - `watch::artifacts`
//!
//! **Artifacts on their way: sizes, hashes, ranges, broken off**
//!
//! - `transfers::every_size_comes_back_as_it_was_sent`
//! - `transfers::what_has_another_sha256_than_was_said_is_not_saved`
//! - `transfers::an_upload_that_the_client_breaks_off_leaves_nothing`
//! - `transfers::an_upload_that_is_broken_off_leaves_what_was_there`
//! - `transfers::an_upload_in_the_wrong_order_is_refused_and_leaves_nothing`
//! - `transfers::an_upload_does_not_hold_up_a_shutdown_and_leaves_nothing`
//! - `transfers::a_range_is_returned_without_a_hash_and_the_whole_with_one`
//! - `transfers::a_preview_reads_the_first_bytes_only`
//! - `transfers::what_is_replaced_or_deleted_while_it_is_downloaded_comes_as_it_was`
//! - `transfers::readers_never_see_half_of_what_is_replaced`
//!
//! **Versions: the names; number 10 001; a crash; 40 at once**
//!
//! - `versions::each_version_gets_the_next_number_before_its_extension`
//! - `versions::the_next_number_is_one_more_than_the_highest_that_is_there`
//! - `versions::number_10_001_is_refused`
//! - `versions::a_crash_never_leaves_half_a_version`
//! - `versions::of_40_concurrent_saves_there_are_40_versions`
//! - `versions::a_repeated_save_with_its_request_id_is_one_version_also_after_a_crash`
//! - `versions::repetitions_at_once_save_one_version_each`
//! - `versions::a_number_that_a_failed_save_was_about_to_take_is_not_shared_with_another`
//! - `versions::a_number_that_a_save_was_about_to_take_in_a_crash_is_not_shared_with_another`
//! - `versions::where_the_versions_cannot_be_listed_none_is_saved`
//!
//! **Generated ids: their form, 1000 unique, lower case; the older forms**
//!
//! - `ids::of_1000_generated_ids_none_is_twice_and_all_have_the_form`
//! - `ids::the_older_forms_of_ids_are_accepted_and_listed`
//! - `tasks::create::an_id_is_made_of_time_and_description_and_twice_the_same_is_two_tasks`
//!
//! **Concurrency: updates; creators of different ids and of one; a create that fails;
//! a long-held lock**
//!
//! - `concurrency::eight_writers_of_ten_read_modify_writes_lose_none_of_80`
//! - `concurrency::eight_writers_of_ten_results_without_etags_keep_all_80`
//! - `concurrency::ten_who_change_different_things_at_once_without_etags_lose_nothing`
//! - `concurrency::of_many_who_move_a_task_at_once_one_does`
//! - `concurrency::creators_of_different_ids_do_not_disturb_each_other`
//! - `concurrency::of_four_creators_of_one_id_one_wins`
//! - `concurrency::a_create_that_fails_or_is_cancelled_never_removes_what_it_did_not_make`
//! - `concurrency::a_long_held_lock_delays_writers_of_its_document_alone_and_is_a_timeout_with_its_holder`
//! - `storage_concurrency`
//!
//! **State machine: every pair; unknown and final states; the history; times never go
//! backwards**
//!
//! - `transitions::every_move_of_the_table_is_accepted_and_every_other_is_refused`
//! - `transitions::an_update_of_the_status_obeys_the_table_and_is_kept_in_the_history`
//! - `transitions::unknown_statuses_are_refused_on_either_side`
//! - `transitions::a_move_appends_from_to_time_and_reason_and_sets_the_times_of_the_task`
//! - `transitions::each_final_status_sets_completed_at`
//! - `transitions::a_task_without_a_record_is_pending_and_gets_one_with_its_first_move`
//! - `transitions::a_move_with_a_stale_etag_or_of_what_is_missing_or_damaged_is_refused`
//! - `transitions::times_never_go_backwards_when_the_clock_does`
//!
//! **Two projects with equal ids**
//!
//! - `records::two_projects_with_equal_task_ids_do_not_mix`
//!
//! **Numbers above 2^53 and unknown keys**
//!
//! - `records::unknown_keys_and_numbers_above_2_to_53_survive_every_update`
//! - `tasks::documents::what_others_put_into_a_record_survives_to_the_last_digit`

mod artifacts;
mod concurrency;
mod ids;
mod lists;
mod log_lines;
mod records;
mod refused;
mod steps;
mod task_log;
mod transfers;
mod transitions;
mod versions;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use callboard::clock::Clock;
use callboard::disk::OsDisk;
use callboard::domain::{ProjectId, Step, TaskId, TaskKey};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::NewTask;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::client::eventually;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};

/// Each status with those that may follow it: the table of the layout.
const STATUSES: [(&str, &str); 12] = [
    ("pending", "running"),
    ("running", "validating gh_failed ci_failed ci_timeout interrupted abandoned"),
    ("validating", "awaiting_approval validation_failed interrupted"),
    ("validation_failed", "running abandoned"),
    ("awaiting_approval", "completed running rejected"),
    ("gh_failed", "running abandoned"),
    ("ci_failed", "running abandoned"),
    ("ci_timeout", "running abandoned"),
    ("interrupted", "running abandoned"),
    ("completed", ""),
    ("rejected", ""),
    ("abandoned", ""),
];

fn moves(allowed: &'static str) -> impl Iterator<Item = &'static str> {
    allowed.split_whitespace()
}

/// Starts a server with task `p/t`.
async fn with_task() -> (Server, StorageClient) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    (server, client)
}

/// Starts a server with task `p/t` of so many steps, named `step-0` and so on.
async fn with_steps(count: usize) -> (Server, StorageClient) {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.create_task(task_of("t", count)).await.expect("a task");
    (server, client)
}

/// A task of project `p` to create, of so many steps.
fn task_of(task: &str, count: usize) -> pb::CreateTaskRequest {
    let steps = (0..count).map(|n| step(&format!("step-{n}"), "ai")).collect();
    pb::CreateTaskRequest { steps, ..new_task("p", task) }
}

fn step(name: &str, kind: &str) -> pb::Step {
    pb::Step { name: name.into(), r#type: kind.into(), ..Default::default() }
}

/// Where a task's record is, below the root.
fn task_json(project: &str, task: &str) -> String {
    format!("{project}/{task}/task.json")
}

/// Puts a file into a root as another program would, with the folders above it.
fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(&path, content).expect("written");
    path
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).expect("JSON")
}

/// An object of so many levels.
fn nested(levels: usize) -> String {
    format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
}

/// Every file below a folder, by its path relative to it, sorted. None when there is no
/// such folder.
fn files_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("its kind").is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let path = path.strip_prefix(folder).expect("below the folder");
                found.push(path.to_str().expect("text").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Waits until nothing half-made is left.
async fn staging_is_empty(server: &Server) {
    let staging = server.root().join(".callboard/staging");
    eventually("nothing half-made is left", async || files_in(&staging).is_empty()).await;
}

/// What an error tells beside its reason.
fn details(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().expect("ErrorInfo").metadata
}

/// A time as a number, to compare; none is before all others.
fn nanos(time: Option<prost_types::Timestamp>) -> i128 {
    time.map_or(i128::MIN, |time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos))
}

/// Passes the words of a time on.
fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

/// A clock that a test sets.
#[derive(Default)]
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn set(&self, time: &str) {
        *self.0.lock().expect("the time") = at(time);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }
}

/// A backend whose clock the test sets.
struct Backend {
    files: Files,
    clock: Arc<SetClock>,
    _folder: TempDir,
}

impl Backend {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = OsDisk::open_root(folder.path()).expect("the root");
        let clock = Arc::<SetClock>::default();
        let files =
            Files::open(Arc::new(disk), Arc::clone(&clock) as _, 1).expect("the root is free");
        Self { files, clock, _folder: folder }
    }
}

fn key(task: &str) -> TaskKey {
    TaskKey {
        project: ProjectId::parse("p").expect("an id"),
        task: TaskId::parse(task).expect("an id"),
    }
}

/// A task of project `p` for a backend, of so many steps.
fn plain_task(task: &str, count: usize) -> NewTask {
    let key = key(task);
    let name =
        |n: usize| Step { name: format!("step-{n}"), kind: "ai".to_owned(), ..Step::default() };
    NewTask {
        project: key.project,
        task: Some(key.task),
        description: String::new(),
        prompt: String::new(),
        template: String::new(),
        model: String::new(),
        depends_on: Vec::new(),
        steps: (0..count).map(name).collect(),
        metadata: None,
    }
}
