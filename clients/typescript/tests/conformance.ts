/** The conformance driver of the client for Node: see tests/conformance/README.md. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

import type { JsonValue } from "@bufbuild/protobuf";

import { AppendStreamResponseSchema } from "../src/generated/callboard/v1/message_bus_pb.js";
import { ArtifactSchema } from "../src/generated/callboard/v1/storage_pb.js";
import type { ArtifactAddress, Client, Source } from "../src/index.js";
import { connect } from "../src/index.js";
import {
  json,
  messagesOf,
  milliseconds,
  number,
  places,
  runPlaces,
  text,
  type With,
} from "./conformance_arguments.js";
import { answerTo, type Command, Commands, PartialFailure } from "./conformance_commands.js";

/** What only Node can do: files and streams to the server. */
function ofNode(client: (given: With) => Client): Record<string, Command> {
  return {
    append_stream: async (given) => {
      const answers: JsonValue[] = [];
      const messages = messagesOf(client(given), given);
      const options = { requestId: text(given["request_id"]) };
      try {
        for await (const answer of client(given).appendStream(messages, options)) {
          answers.push(json(AppendStreamResponseSchema, answer));
        }
      } catch (failure) {
        throw new PartialFailure(failure, { answers });
      }
      return { answers };
    },
    put_artifact: async (given) => {
      const artifact = await client(given).putArtifact(sourceOf(given, "file"), {
        ...places(given),
        name: text(given["name"]),
        versioned: given["versioned"] === true,
        attachment: given["attachment"] === true,
        requestId: text(given["request_id"]),
      });
      return json(ArtifactSchema, artifact);
    },
    get_artifact: async (given) => {
      const path = text(given["path"]);
      const address: ArtifactAddress = path === undefined ? (text(given["name"]) ?? "") : { path };
      const to = text(given["to"]);
      if (to === undefined) {
        const stream = await client(given).openArtifact(address, places(given));
        return { artifact: json(ArtifactSchema, stream.artifact), ...(await summary(stream)) };
      }
      const artifact = await client(given).getArtifact(address, to, places(given));
      return { artifact: json(ArtifactSchema, artifact), ...(await summaryOfFile(to)) };
    },
    put_run_file: async (given) => {
      const source = sourceOf(given, "from_file");
      const file = text(given["file"]) ?? "";
      return { size: await client(given).putRunFile(file, source, runPlaces(given)) };
    },
    get_run_file: async (given) => {
      const file = text(given["file"]) ?? "";
      const options = {
        ...runPlaces(given),
        offset: number(given["offset"]),
        tailLines: number(given["tail_lines"]),
      };
      const to = text(given["to"]);
      if (to === undefined) return await summary(client(given).readRunFile(file, options));
      await client(given).getRunFile(file, to, options);
      return await summaryOfFile(to);
    },
  };
}

function sourceOf(given: With, pathField: string): Source {
  const path = text(given[pathField]);
  if (path !== undefined) return { path };
  const stream = text(given["stream"]);
  if (stream !== undefined) return createReadStream(stream) as AsyncIterable<Uint8Array>;
  return Buffer.from(text(given["data"]) ?? "", "base64");
}

async function summary(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

async function summaryOfFile(path: string): Promise<{ size: number; sha256: string }> {
  return await summary(createReadStream(path) as AsyncIterable<Buffer>);
}

const commands = new Commands(
  (given) =>
    connect({
      ...runPlaces(given),
      addr: text(given["addr"]),
      token: text(given["token"]),
      caFile: text(given["ca_file"]),
      certFile: text(given["cert_file"]),
      keyFile: text(given["key_file"]),
      timeoutMs: milliseconds(given["timeout"]),
    }),
  ofNode,
);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answerTo(commands.all, line))}\n`);
}
process.exit(0);
