import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { errnoOf, errorLine, UsageError } from "../../../core/runtime/errors.ts";
import { parseUsers } from "../tokens/users.ts";
import type { ServerSpec } from "./declaration.ts";
import type { Secrets } from "./render-config.ts";

/** What a declaration points at: read, and refused now rather than by a registry that does not start. */
export function readInputs(spec: ServerSpec, nowMs: number): Omit<Secrets, "httpSecret"> {
  if (spec.tls !== undefined) checkCertificate(spec.tls, nowMs);
  if (spec.auth?.kind === "htpasswd") checkPasswords(spec.auth.file);
  if (spec.auth?.kind === "tokens") parseUsers(spec.auth.users, readInput(spec.auth.users));
  const { storage, notifications } = spec;
  if (storage.kind === "s3" && storage.caFile !== undefined) checkAuthorities(storage.caFile);
  const keys = storage.kind === "s3" ? storage.keys : undefined;
  const tokens = notifications.flatMap(({ name, tokenFile }) =>
    tokenFile === undefined ? [] : [[name, readInput(tokenFile).trim()] as const],
  );
  return {
    s3: keys && { access: readInput(keys.accessFile).trim(), secret: readInput(keys.secretFile).trim() },
    tokens: new Map(tokens),
  };
}

export function readInput(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`${path}: cannot be read: ${errnoOf(cause) ?? errorLine(cause)}`);
  }
}

function checkCertificate(tls: { readonly certificate: string; readonly key: string }, nowMs: number): void {
  const [cert, key] = [readInput(tls.certificate), readInput(tls.key)];
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new UsageError(`${tls.certificate}: it and ${tls.key} are not a certificate and its key`, {
      cause,
    });
  }
  const { validTo } = new X509Certificate(cert);
  if (Date.parse(validTo) < nowMs) throw new UsageError(`${tls.certificate}: has ended ${validTo}`);
}

/** Go passes over what is none, and trusts nobody then. */
function checkAuthorities(file: string): void {
  try {
    new X509Certificate(readInput(file));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${file}: is not a certificate`, { cause });
  }
}

/** Distribution reads bcrypt alone, and takes any other line for a password that is always wrong. */
function checkPasswords(file: string): void {
  const lines = readInput(file).split("\n");
  const at = lines.findIndex(
    (line) => line.trim() !== "" && !/^#|^[^:\s]+:\$2[aby]\$\d\d\$\S{53}$/.test(line),
  );
  if (at !== -1)
    throw new UsageError(`${file}:${at + 1}: is not NAME:BCRYPT`, { hint: "make it with htpasswd -B" });
}
