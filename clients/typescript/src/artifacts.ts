/** What putting and getting artifacts has in common on all runtimes. */

import { type CallOptions, type Calls, newRequestId } from "./calls.js";
import { errorOf } from "./errors.js";
import { type Artifact, Storage } from "./generated/callboard/v1/storage_pb.js";
import { type Identity, type PlaceOptions, resolveTask } from "./identity.js";
import { UsageError } from "./usage_error.js";

/** The largest artifact that one call saves, in bytes. */
export const SAVE_BYTES_MAX = 1024 * 1024;

/** How an artifact is saved. */
export interface PutArtifactOptions extends PlaceOptions, CallOptions {
  /** Save it as `<stem>.<number><ext>`, with one number more than the highest there. */
  readonly versioned?: boolean | undefined;
  /** Save it as `ATTACH-<stamp>-<name>`, for messages to point to. */
  readonly attachment?: boolean | undefined;
  /** Makes a repeated call safe; made when none is given. */
  readonly requestId?: string | undefined;
}

/** Which artifact: its name, of a versioned one with its number, or its path. */
export type ArtifactAddress =
  | string
  | {
      /** The path relative to the task's folder, as `Artifact.path` and `attachmentPath` have it. */
      readonly path: string;
    };

/** Where the artifact is, and how long getting it may take without any progress. */
export interface GetArtifactOptions extends PlaceOptions, CallOptions {}

/** Saves bytes of at most SAVE_BYTES_MAX with one call. */
export async function saveArtifact(
  calls: Calls,
  own: Identity,
  name: string,
  data: Uint8Array,
  options: PutArtifactOptions,
): Promise<Artifact> {
  const requestId = options.requestId ?? newRequestId();
  const request = { ...artifactFields(own, name, options), data, requestId };
  const answer = await calls.unary(Storage.method.saveArtifact, request, options);
  return artifactOf(answer);
}

/** The fields that both ways to save an artifact share. */
export function artifactFields(
  own: Identity,
  name: string,
  { project, task, versioned = false, attachment = false }: PutArtifactOptions,
): {
  projectId: string;
  taskId: string;
  name: string;
  versioned: boolean;
  attachment: boolean;
} {
  return { ...resolveTask(own, { project, task }), name, versioned, attachment };
}

/** The fields by which an artifact is asked for. */
export function addressFields(
  own: Identity,
  address: ArtifactAddress,
  { project, task }: PlaceOptions,
): { projectId: string; taskId: string; name: string; path: string } {
  const place = resolveTask(own, { project, task });
  const fields =
    typeof address === "string" ? { name: address, path: "" } : { name: "", path: address.path };
  if (fields.name === "" && fields.path === "") {
    throw new UsageError("no artifact: give its name, or { path }");
  }
  return { ...place, ...fields };
}

/** Returns the artifact of an answer, which always has one. */
export function artifactOf({ artifact }: { readonly artifact?: Artifact | undefined }): Artifact {
  if (artifact === undefined) {
    throw errorOf("the server's answer names no artifact", { code: "INTERNAL" });
  }
  return artifact;
}

/** Throws when what arrived is not what the server sent. */
export function checkSha256(artifact: Artifact, expected: string, sha256: string): void {
  if (expected === sha256) return;
  const { name } = artifact;
  throw errorOf(`artifact ${name} arrived with another SHA-256 than it has`, {
    code: "INVALID_ARGUMENT",
    reason: "CHECKSUM_MISMATCH",
    metadata: { name, expected, sha256 },
  });
}
