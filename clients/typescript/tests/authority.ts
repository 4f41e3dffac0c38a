/** An authority of a test's own, that vouches for whom the test wants. */

// Wanted by the library of certificates, before it.
import "reflect-metadata";

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate and its key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** The paths of the files of a certificate and its key. */
export interface IssuedFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority. */
export class Authority {
  readonly #own: X509Certificate;
  readonly #key: CryptoKey;

  private constructor(own: X509Certificate, key: CryptoKey) {
    this.#own = own;
    this.#key = key;
  }

  /** Founds one. */
  static async found(): Promise<Authority> {
    const keys = await newKeys();
    const own = await X509CertificateGenerator.createSelfSigned({
      name: "CN=an authority",
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new Authority(own, keys.privateKey);
  }

  /** Its own certificate, as PEM. */
  get cert(): string {
    return this.#own.toString("pem");
  }

  /** Vouches for whom has this name, on this machine. */
  async issue(name: string): Promise<Issued> {
    const { publicKey, privateKey } = await newKeys();
    const issued = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#own.subject,
      publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
    });
    const key = PemConverter.encode(
      await crypto.subtle.exportKey("pkcs8", privateKey),
      PemConverter.PrivateKeyTag,
    );
    return { cert: issued.toString("pem"), key };
  }
}

/** Writes a certificate and its key into a folder, as `STEM.pem` and `STEM-key.pem`. */
export async function write(folder: string, stem: string, issued: Issued): Promise<IssuedFiles> {
  const files = { certFile: join(folder, `${stem}.pem`), keyFile: join(folder, `${stem}-key.pem`) };
  await writeFile(files.certFile, issued.cert);
  await writeFile(files.keyFile, issued.key);
  return files;
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
}
