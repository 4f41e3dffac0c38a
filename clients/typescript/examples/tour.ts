/** A tour of the client: node dist/examples/tour.js [PROJECT]. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, NotFoundError, Storage } from "@callboard/client";

const project = process.argv[2] ?? "tour";
using client = connect({ project });
const steps = ["write", "check"].map((name) => ({ name, type: "ai" }));
const request = { projectId: project, description: "write a report", steps };
const created = await client.call(Storage.method.createTask, request);
const task = created.task?.taskId;
console.log(`task ${task ?? ""}`);

await client.run({ task, agentType: "tour" }, async (run) => {
  console.log(`run ${run.runId}`);
  await run.append("PROGRESS", "halfway");
  await run.stdout.write("writing\nwritten\n");
  await client.appendLog([{ event: "written" }], { task });
  await client.putArtifact(Buffer.from("hello board\n"), { name: "report.txt", task });
  const folder = await mkdtemp(join(tmpdir(), "tour-"));
  const report = await client.getArtifact("report.txt", join(folder, "report.txt"), { task });
  console.log(`artifact ${report.name} ${String(report.size)} bytes`);
  await rm(folder, { recursive: true });
  const stepResult = { stepIndex: 0, status: "completed", artifactPath: report.path };
  const result = { projectId: project, taskId: task ?? "", stepResult, currentStep: 1 };
  await client.call(Storage.method.saveStepResult, result);
  await run.append("FACT", "done");
});

for await (const message of client.read({ task, tail: 10, types: ["PROGRESS", "FACT"] })) {
  console.log(message.type, message.body);
}
try {
  await client.get("MSG-unknown", { task });
} catch (error) {
  if (!(error instanceof NotFoundError)) throw error;
  console.log(`refused: ${error.reason}`);
}
