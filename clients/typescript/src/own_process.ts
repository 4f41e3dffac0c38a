/** What Node knows of the process that it is. */

import { hostname } from "node:os";

import type { OwnProcess } from "./run.js";

/** Tells of this process. */
export function ownProcess(): OwnProcess {
  return {
    host: hostname(),
    pid: process.pid,
    cwd: workingDirectory(),
    commandline: process.argv.map(quoted).join(" "),
  };
}

/** The working directory; "" when it was removed. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}

/** Writes an argument so that a shell would read it as it is. */
function quoted(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'"'"'`)}'`;
}
