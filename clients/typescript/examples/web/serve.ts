/**
 * Serves the page of this folder: `npm run example:web`, while a server runs that allows its
 * origin, `callboard serve --web-origin http://localhost:5173`.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const PORT = Number(process.argv[2] ?? 5173);

/** The folder of the sources, seen from that of the compiled program. */
const folder = new URL("../../../examples/web/", import.meta.url);

const bundle = await build({
  entryPoints: [fileURLToPath(new URL("board.ts", folder))],
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  write: false,
});
const files = new Map([
  ["/", { type: "text/html", body: await readFile(new URL("index.html", folder)) }],
  ["/board.js", { type: "text/javascript", body: bundle.outputFiles[0]?.contents ?? "" }],
]);

createServer((request, response) => {
  const file = files.get(request.url ?? "");
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader("content-type", `${file.type}; charset=utf-8`).end(file.body);
}).listen(PORT, "localhost", () => {
  console.log(`open http://localhost:${PORT}`);
});
