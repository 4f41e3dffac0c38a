/** A page in a real browser, served from a loopback origin that the server allows. */

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";

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
  const server = await serve(origin, (request, response) => {
    const [type, body] =
      request.url === "/program.js"
        ? ["text/javascript", script]
        : ["text/html", `<!doctype html><script type="module" src="/program.js"></script>`];
    response.setHeader("content-type", `${type}; charset=utf-8`).end(body);
  });
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

/**
 * Listens where the origin says: at no other port, since the server allows pages of this origin
 * only.
 */
async function serve(origin: string, answer: RequestListener): Promise<Server> {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.protocol !== "http:" || url.port === "") {
    throw new Error(`CALLBOARD_WEB_ORIGIN is like http://localhost:5173, not ${origin}`);
  }
  const server = createServer(answer).listen(
    Number(url.port),
    url.hostname.replace(/^\[|\]$/g, ""),
  );
  try {
    await once(server, "listening");
  } catch (failure) {
    throw new Error(
      `pages of ${origin} cannot be served (${String(failure)}): free that port, or name another` +
        " origin in CALLBOARD_WEB_ORIGIN that the server allows with --web-origin",
    );
  }
  return server;
}
