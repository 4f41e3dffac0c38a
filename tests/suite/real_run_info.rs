//! A run-info.yaml that a real program wrote. It is not part of the project; without it
//! this test says so and passes.

use std::fs;
use std::path::Path;

use callboard::grpc::pb;

use crate::server::Server;
use crate::storage_client::StorageClient;

#[tokio::test]
async fn a_real_run_info_in_place_is_listed_and_updated_and_keeps_what_is_not_known() {
    let real =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/hello-world.run-info.yaml");
    let Ok(bytes) = fs::read(real) else {
        println!("notice: hello-world.run-info.yaml is not here, nothing was tested");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let id = "run_20260205-115154-12345";
    let run_folder = folder.path().join("hello-world/greeting/runs").join(id);
    fs::create_dir_all(&run_folder).expect("folders");
    let file = run_folder.join("run-info.yaml");
    fs::write(&file, &bytes).expect("written");
    let server = Server::start_on(folder.path());
    let mut client = StorageClient::connect(&server).await;

    let runs = client.runs("hello-world", "").await;
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    let seconds = |time: Option<&prost_types::Timestamp>| time.map(|time| time.seconds);
    assert_eq!((&*run.run_id, &*run.agent_type, &*run.status), (id, "codex", "completed"));
    assert_eq!((&*run.project_id, &*run.task_id), ("hello-world", "greeting"));
    assert_eq!((run.pid, run.pgid, run.exit_code), (12345, 12345, 0));
    assert_eq!(seconds(run.start_time.as_ref()), Some(1_770_292_314));
    assert_eq!(seconds(run.end_time.as_ref()), Some(1_770_292_330));
    assert_eq!((&*run.parent_run_id, &*run.problem), ("", ""));
    assert_eq!(run.liveness, pb::Liveness::Ended as i32);
    assert_eq!(client.run(id).await, *run);
    assert_eq!(fs::read(&file).expect("the file"), bytes, "reading changed it");

    let request = pb::UpdateRunRequest {
        run_id: id.into(),
        error_summary: "looked at again".into(),
        etag: run.etag.clone(),
        ..Default::default()
    };
    let updated = client.update_run(request).await.expect("an update").run.expect("the run");
    let expected = pb::Run {
        error_summary: "looked at again".into(),
        etag: updated.etag.clone(),
        ..run.clone()
    };
    assert_eq!(updated, expected);
    assert_ne!(updated.etag, run.etag);
    let text = fs::read_to_string(&file).expect("the file");
    for line in ["restart_count: 0", "agent: codex", "agent_type: codex", "status: completed"] {
        assert!(text.lines().any(|it| it == line), "no {line:?} in\n{text}");
    }
}
