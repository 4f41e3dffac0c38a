/** Whom to trust, and by what a server knows this client: certificates, and a key, from files. */

import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

import { UsageError } from "./usage_error.js";

/** What to do where one of a certificate and its key is missing. */
const GIVE_BOTH = "give certFile and keyFile, or set CALLBOARD_CERT and CALLBOARD_KEY";

/** The paths of PEM files; undefined where none is named. */
export interface CertificateFiles {
  /** The only certificates to trust. */
  readonly caFile: string | undefined;
  /** The certificate to show. */
  readonly certFile: string | undefined;
  /** Its key. */
  readonly keyFile: string | undefined;
}

/** What the files hold, as PEM, in the words of Node; absent where none is named. */
export interface Certificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads the files. Throws UsageError, which does not quote the key, when a certificate or its key
 * is there without the other, or is not that of the other; and Node's own error for a file that
 * cannot be read.
 */
export function readCertificates({ caFile, certFile, keyFile }: CertificateFiles): Certificates {
  const trusted = caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") };
  if (certFile === undefined && keyFile === undefined) return trusted;
  if (keyFile === undefined) {
    throw new UsageError(`certFile "${certFile ?? ""}" is of no use without its key: ${GIVE_BOTH}`);
  }
  if (certFile === undefined) {
    throw new UsageError(`keyFile "${keyFile}" is of no use without its certificate: ${GIVE_BOTH}`);
  }
  const shown = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  try {
    // Each call would find it out for itself, and take it for a break of the connection.
    createSecureContext(shown);
  } catch (error) {
    const problem = error instanceof Error ? error.message.trim() : String(error);
    throw new UsageError(
      `keyFile "${keyFile}" holds no key, free of a password,` +
        ` of the certificate in certFile "${certFile}": ${problem}`,
    );
  }
  return { ...trusted, ...shown };
}
