/** What Node knows of the process that it is. */

import { hostname } from "node:os";

import type { OwnProcess } from "./run.js";

/** Tells of this process. */
export function ownProcess(): OwnProcess {
  return {
    host: hostname(),
    pid: process.pid,
    cwd: process.cwd(),
    commandline: process.argv.map(quoted).join(" "),
  };
}

/** Writes an argument so that a shell would read it as it is. */
function quoted(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'"'"'`)}'`;
}
