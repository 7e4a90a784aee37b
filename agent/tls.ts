import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import type { PushSettings } from "./push-settings.ts";

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Throws the system's error when a file cannot be read. */
export function readTls(hostname: string, { ca, cert, key, serverName, verify }: PushSettings): TlsOptions {
  // A name that is an address is not sent: RFC 6066 §3 forbids it.
  const name = serverName ?? (isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? hostname : undefined);
  return {
    ...(ca === undefined ? {} : { ca: readFileSync(ca, "utf8") }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert, "utf8") }),
    ...(key === undefined ? {} : { key: readFileSync(key, "utf8") }),
    ...(name === undefined ? {} : { servername: name }),
    rejectUnauthorized: verify,
  };
}

/** What tells one version of the certificate files from the next; "" without any. */
export function tlsVersion({ ca, cert, key }: PushSettings): string {
  return [ca, cert, key]
    .filter((path) => path !== undefined)
    .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join();
}
