/** What the conformance driver of the client for pages does within the page. */

import type { JsonValue } from "@bufbuild/protobuf";

import { ArtifactSchema } from "../src/generated/callboard/v1/storage_pb.js";
import { type Client, connect } from "../src/web.js";
import {
  json,
  milliseconds,
  number,
  places,
  runPlaces,
  text,
  type With,
} from "./conformance_arguments.js";
import { answerTo, type Command, Commands, Unsupported } from "./conformance_commands.js";

declare global {
  /** Does the command of one line, and gives the line that answers it. */
  var answer: ((line: string) => Promise<string>) | undefined;
}

function connectOf(given: With): Client {
  const addr = text(given["addr"]);
  if (addr === undefined) throw new Unsupported("a page has no environment");
  if (addr.startsWith("unix:")) throw new Unsupported("a page has no Unix sockets");
  if (text(given["ca_file"]) !== undefined) throw new Unsupported("a page has no files");
  return connect({
    ...runPlaces(given),
    baseUrl: /^[^/]+:\d+$/.test(addr) ? `http://${addr}` : addr,
    token: text(given["token"]),
    timeoutMs: milliseconds(given["timeout"]),
  });
}

function ofPages(client: (given: With) => Client): Record<string, Command> {
  return {
    append_stream: () => Promise.reject(new Unsupported("a page has no streams to the server")),
    put_artifact: async (given) => {
      const artifact = await client(given).putArtifact(dataOf(given, "file"), {
        ...places(given),
        name: text(given["name"]) ?? "",
        versioned: given["versioned"] === true,
        attachment: given["attachment"] === true,
        requestId: text(given["request_id"]),
      });
      return json(ArtifactSchema, artifact);
    },
    get_artifact: async (given) => {
      refuseFiles(given, "to");
      const path = text(given["path"]);
      const address = path === undefined ? (text(given["name"]) ?? "") : { path };
      const { artifact, data } = await client(given).getArtifact(address, places(given));
      return { artifact: json(ArtifactSchema, artifact), ...(await summary([data])) };
    },
    put_run_file: async (given) => {
      const data = dataOf(given, "from_file");
      return {
        size: await client(given).putRunFile(text(given["file"]) ?? "", data, runPlaces(given)),
      };
    },
    get_run_file: async (given) => {
      refuseFiles(given, "to");
      const chunks: Uint8Array[] = [];
      const options = {
        ...runPlaces(given),
        offset: number(given["offset"]),
        tailLines: number(given["tail_lines"]),
      };
      for await (const chunk of client(given).readRunFile(text(given["file"]) ?? "", options)) {
        chunks.push(chunk);
      }
      return await summary(chunks);
    },
  };
}

function refuseFiles(given: With, ...fields: readonly string[]): void {
  if (fields.some((field) => text(given[field]) !== undefined)) {
    throw new Unsupported("a page has no files");
  }
}

function dataOf(given: With, pathField: string): Uint8Array {
  refuseFiles(given, pathField, "stream");
  return Uint8Array.from(atob(text(given["data"]) ?? ""), (one) => one.charCodeAt(0));
}

async function summary(chunks: readonly Uint8Array[]): Promise<Record<string, JsonValue>> {
  const whole = await new Blob([...chunks] as BlobPart[]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { size: whole.byteLength, sha256 };
}

const commands = new Commands(connectOf, ofPages);
globalThis.answer = async (line) => JSON.stringify(await answerTo(commands.all, line));
