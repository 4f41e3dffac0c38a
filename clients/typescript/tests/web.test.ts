/**
 * The client for pages, in a page of a real browser. The server must allow the origin that
 * CALLBOARD_WEB_ORIGIN names.
 */

import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { after, before, describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

import { Network } from "./network.js";
import { CHROMIUM, type OpenPage, openPage } from "./page_in_browser.js";
import { newProject, serverAddress } from "./server.js";

const PROGRAM = fileURLToPath(new URL("conformance_page.js", import.meta.url));
const origin = process.env["CALLBOARD_WEB_ORIGIN"] ?? "";

/** Why these tests cannot run here; undefined when they can. */
async function obstacle(): Promise<string | undefined> {
  if (origin === "") return "CALLBOARD_WEB_ORIGIN names no origin that the server allows";
  const found = await access(CHROMIUM).then(
    () => true,
    () => false,
  );
  return found ? undefined : `there is no ${CHROMIUM}; CHROMIUM may name another`;
}

const skip = (await obstacle()) ?? false;

describe("in a page", { skip }, () => {
  let open: OpenPage;

  before(async () => {
    open = await openPage(PROGRAM, origin);
    await open.page.waitForFunction(() => globalThis.answer !== undefined);
  });
  after(() => open.close());

  /** Does one command within the page. */
  async function tell(command: string, given: JsonObject = {}): Promise<JsonObject> {
    const line = JSON.stringify({ do: command, with: given });
    const answer = await open.page.evaluate((text) => globalThis.answer?.(text), line);
    return JSON.parse(answer ?? "null") as JsonObject;
  }

  /** The `ok` of a command, which must have one. */
  async function done(command: string, given: JsonObject = {}): Promise<JsonObject> {
    const { ok, ...problem } = await tell(command, given);
    assert.deepEqual(problem, {});
    return ok as JsonObject;
  }

  async function connect(addr = serverAddress()): Promise<string> {
    const project = newProject();
    await done("connect", { addr, project, task: "task-a" });
    await done("call", {
      service: "Storage",
      method: "CreateTask",
      request: { project_id: project, task_id: "task-a" },
    });
    return project;
  }

  const bodies = ({ items }: JsonObject): JsonValue[] =>
    (items as JsonObject[]).map(({ body }) => body ?? "");

  test("messages are appended and read", async () => {
    const project = await connect();
    const { msg_id } = await done("append", { type: "FACT", body: "Grüße 👩‍💻" });
    const message = await done("get", { msg_id: msg_id ?? "" });
    assert.deepEqual([message["project_id"], message["body"]], [project, "Grüße 👩‍💻"]);
  });

  test("what is no URL of a server is refused", async () => {
    for (const addr of ["http://", "ftp://a:1", "http://a:99999", "http://a:1?q"]) {
      assert.match(JSON.stringify(await tell("connect", { addr })), /misuse.*host:port/);
    }
  });

  test("errors have their reasons", async () => {
    await connect();
    const { error } = await tell("get", { msg_id: "MSG-unknown" });
    const { family, reason } = error as JsonObject;
    assert.deepEqual([family, reason], ["NotFound", "MESSAGE_NOT_FOUND"]);
    const large = await tell("append", { type: "FACT", body: "x".repeat(6_000_000) });
    assert.equal((large["error"] as JsonObject)["reason"], "TOO_LARGE");
  });

  test("a follow goes on after a break", async (t: TestContext) => {
    const network = await Network.to(serverAddress(), t);
    await connect(network.address);
    await done("follow", { name: "f" });
    await done("append", { type: "INFO", body: "1" });
    assert.deepEqual(bodies(await done("next", { name: "f", count: 1 })), ["1"]);
    await network.cut();
    await network.mend();
    await done("append", { type: "INFO", body: "2" });
    assert.deepEqual(bodies(await done("next", { name: "f", count: 1 })), ["2"]);
    await done("stop", { name: "f" });
  });

  test("an artifact comes back as it was", async () => {
    await connect();
    const data = Buffer.from("hello board\n").toString("base64");
    const put = await done("put_artifact", { name: "report.txt", data });
    const got = await done("get_artifact", { name: "report.txt" });
    assert.deepEqual([got["size"], got["sha256"]], [12, put["sha256"]]);
    const tooLarge = Buffer.alloc(1024 * 1024 + 1).toString("base64");
    const refused = await tell("put_artifact", { name: "large", data: tooLarge });
    assert.match(JSON.stringify(refused), /misuse.*1048576/);
  });

  test("a run is recorded, with its output", async () => {
    await connect();
    const { run_id: run = "" } = await done("run_begin", { name: "r", agent_type: "page" });
    await done("run_write", { name: "r", to: "stdout", text: "one\n" });
    await done("run_end", { name: "r", exit_code: 3 });
    const request = { run_id: run };
    const call = { service: "Storage", method: "GetRunInfo", request };
    const { run: info } = await done("call", call);
    assert.equal((info as JsonObject)["exit_code"], 3);
    assert.equal((await done("get_run_file", { run, file: "stdout" }))["size"], 4);
  });
});
