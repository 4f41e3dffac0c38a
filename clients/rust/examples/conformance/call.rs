//! Any unary method, by its name.

use callboard_client::{Client, v1};
use serde_json::Value;

use crate::arguments::With;
use crate::fault::{Fault, failure};
use crate::json;

/// Makes the call that a request is for; its type is found by the method's name.
macro_rules! call {
    ($client:ident, $method:ident, $json:ident: $($request:ident)*) => {
        match format!("{}Request", $method).as_str() {
            $(stringify!($request) => {
                let request: v1::$request = json::read($json)?;
                json::write(&$client.call(request).await?)
            })*
            _ => Err(failure(format!("no unary method {}", $method))),
        }
    };
}

pub(crate) async fn call(client: &Client, with: With<'_>) -> Result<Value, Fault> {
    let method = with.required("method")?;
    let request = &with.0["request"];
    call!(client, method, request:
        AppendMessageRequest AppendMessagesRequest ReadMessagesRequest PollForNewRequest
        GetMessageRequest ListBusesRequest RotateBusRequest TrimBusRequest
        GetServerInfoRequest CreateProjectRequest GetProjectRequest ListProjectsRequest
        UpdateProjectRequest DeleteProjectRequest CreateTaskRequest GetTaskRequest
        ListTasksRequest UpdateTaskRequest DeleteTaskRequest TransitionTaskRequest
        SaveStepResultRequest GetTaskStateRequest SetTaskStateRequest MarkTaskDoneRequest
        ClearTaskDoneRequest AppendTaskLogRequest SaveArtifactRequest ListArtifactsRequest
        DeleteArtifactRequest AppendFactRequest GetFactRequest ListFactsRequest
        CreateRunRequest GetRunInfoRequest ListRunsRequest UpdateRunStatusRequest
        UpdateRunRequest GetRunMetaRequest UpdateRunMetaRequest AppendRunEventRequest
        DeleteRunRequest GetRunTreeRequest WriteRunFileRequest AppendRunOutputRequest
        ListRunFilesRequest ReconcileRunsRequest CleanUpRunsRequest)
}
