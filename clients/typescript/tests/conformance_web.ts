/**
 * The conformance driver of the client for pages: it passes the commands on to a page in headless
 * Chromium. The server must allow the page's origin: `callboard serve --web-origin ORIGIN`, with
 * the origin of CALLBOARD_WEB_ORIGIN, by default http://localhost:5173.
 */

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { openPage } from "./page_in_browser.js";

const program = fileURLToPath(new URL("conformance_page.js", import.meta.url));
const given = process.env["CALLBOARD_WEB_ORIGIN"] ?? "";
const open = await openPage(program, given === "" ? "http://localhost:5173" : given);
await open.page.waitForFunction(() => globalThis.answer !== undefined);
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await open.page.evaluate((command) => globalThis.answer?.(command), line);
  process.stdout.write(`${answer ?? '{"failure": "the page is gone"}'}\n`);
}
await open.close();
process.exit(0);
