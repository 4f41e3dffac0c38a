/** A page in a real browser, served from a loopback origin that the server allows. */

import { once } from "node:events";
import { createServer } from "node:http";

import { build } from "esbuild";
import { chromium, type Page } from "playwright-core";

/** The browser's program; the environment's CHROMIUM may name another. */
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** What keeps the browser to what it is asked for. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page that runs a program, and how to be rid of it. */
export interface OpenPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Bundles a program and runs it in an empty page of the origin, such as http://localhost:5173. */
export async function openPage(program: string, origin: string): Promise<OpenPage> {
  const bundle = await build({
    entryPoints: [program],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  const { hostname, port } = new URL(origin);
  const server = createServer((request, response) => {
    const [type, body] =
      request.url === "/program.js"
        ? ["text/javascript", script]
        : ["text/html", `<!doctype html><script type="module" src="/program.js"></script>`];
    response.setHeader("content-type", `${type}; charset=utf-8`).end(body);
  }).listen(Number(port), hostname);
  await once(server, "listening");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ARGUMENTS,
  });
  const page = await browser.newPage();
  page.on("console", (message) => {
    console.error(message.text());
  });
  await page.goto(origin);
  return {
    page,
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}
