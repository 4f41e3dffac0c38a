/** The generated code is what the proto files say today; needs no server. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { folderOf } from "./server.js";

const CLIENT = fileURLToPath(new URL("../..", import.meta.url));

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const texts = names.sort().map(async (name) => {
    return [name, await readFile(join(folder, name), "utf8")] as const;
  });
  return new Map(await Promise.all(texts));
}

test("the generated code is fresh", async (t) => {
  const out = join(await folderOf(t), "generated");
  const generate = [join(CLIENT, "scripts", "generate.mjs"), "--out", out];
  const { status, stderr } = spawnSync(process.execPath, generate, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const committed = await filesBelow(join(CLIENT, "src", "generated"));
  assert.deepEqual(committed, await filesBelow(out), "run: npm run generate");
});
