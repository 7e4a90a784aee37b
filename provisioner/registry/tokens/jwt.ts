/*
 * A token ("Token Authentication Implementation" of the distribution project, RFC 7515):
 *
 *   {"typ":"JWT","alg":"ES256","x5c":["MIIB…"]}.{"iss":…,"aud":…,"access":[{"type":"repository",…}]}.signature
 *
 * The key is named by its certificate: 2.8 and 3 each have another way to number keys, and both take this one.
 */
import { createPrivateKey, type KeyObject, sign, X509Certificate } from "node:crypto";
import { UsageError } from "../../../core/runtime/errors.ts";
import type { Scope } from "./scope.ts";

export interface TokenKey {
  readonly key: KeyObject;
  /** DER, in base64. */
  readonly certificate: string;
}

export function parseTokenKey(name: string, key: string, certificate: string): TokenKey {
  try {
    const [parsed, x509] = [createPrivateKey(key), new X509Certificate(certificate)];
    if (x509.checkPrivateKey(parsed)) return { key: parsed, certificate: x509.raw.toString("base64") };
  } catch (cause) {
    throw new UsageError(`${name}: not a key and its certificate`, { cause });
  }
  throw new UsageError(`${name}: the key is not that of the certificate`);
}

export interface Claims {
  readonly issuer: string;
  readonly audience: string;
  /** Empty for nobody. */
  readonly subject: string;
  readonly access: readonly Scope[];
  readonly nowSeconds: number;
  readonly lifeSeconds: number;
  /** No two have the same. */
  readonly id: string;
}

export function renderToken({ key, certificate }: TokenKey, claims: Claims): string {
  const header = { typ: "JWT", alg: "ES256", x5c: [certificate] };
  const { issuer, audience, subject, access, nowSeconds, lifeSeconds, id } = claims;
  const body = {
    iss: issuer,
    sub: subject,
    aud: audience,
    exp: nowSeconds + lifeSeconds,
    nbf: nowSeconds,
    iat: nowSeconds,
    jti: id,
    access,
  };
  const text = [header, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  // ECDSA as JOSE wants it: two numbers, no ASN.1.
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
