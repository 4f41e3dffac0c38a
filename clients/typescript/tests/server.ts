/** What the tests share: a running server's address, clients, projects. */

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { type Client, connect, type ConnectOptions } from "../src/index.js";

// The ids of whoever runs the tests are not those of their clients.
for (const name of [
  ...["JRUN_PROJECT_ID", "JRUN_TASK_ID", "JRUN_ID"],
  ...["CALLBOARD_TOKEN", "CALLBOARD_CA", "CALLBOARD_CERT", "CALLBOARD_KEY"],
]) {
  Reflect.deleteProperty(process.env, name);
}

/** The server that the tests speak to, as host:port. */
export function serverAddress(): string {
  const found = process.env["CALLBOARD_ADDR"];
  if (found === undefined || found === "") {
    throw new Error("set CALLBOARD_ADDR to the host:port of a running `callboard serve`");
  }
  return found;
}

/** A project of the test's own. */
export function newProject(): string {
  return `ts-${randomUUID().slice(0, 13)}`;
}

/** A client of the test's own, in a project of its own, closed with the test. */
export function clientOf(test: TestContext, options: ConnectOptions = {}): Client {
  const addr = options.addr ?? serverAddress();
  const client = connect({ project: newProject(), ...options, addr });
  test.after(() => {
    client.close();
  });
  return client;
}

/** A folder of the test's own, removed with the test. */
export async function folderOf(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "callboard-"));
  test.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Everything that an iteration gives. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The next items of an iteration, which stays open. */
export async function take<T>(source: AsyncIterator<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  while (items.length < count) {
    const result = await source.next();
    if (result.done === true) break;
    items.push(result.value);
  }
  return items;
}

/** Something that a test waits for, and something else lets happen. */
export class Gate {
  readonly passed: Promise<void>;
  #open: (() => void) | undefined;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Lets everybody through, now and later. */
  open(): void {
    this.#open?.();
  }
}
