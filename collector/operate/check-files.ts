import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Finding } from "../../core/runtime/finding.ts";
import { readTls } from "../http/tls.ts";
import type { ServeOptions } from "../serve-options.ts";
import { readTlsFiles } from "../tls-files.ts";
import { readTokens } from "../trust/token-file.ts";

const DAY_MS = 86_400_000;
const SOON_MS = 21 * DAY_MS;

/** Certificates, keys and tokens: ours, and those for sinks. */
export function checkFiles(
  { tokenFile, security, forwards }: Pick<ServeOptions, "tokenFile" | "security" | "forwards">,
  nowMs: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (tokenFile !== undefined) findings.push(...attempt(() => checkTokens(tokenFile)));
  const { tls } = security;
  if (tls !== undefined)
    findings.push(
      ...attempt(() => {
        readTls(tls);
        return [...checkCertificate(tls.cert, nowMs), ...checkSecret("key", tls.key)];
      }),
    );
  for (const { name, files } of forwards) {
    const { cert, bearerTokenFile, credentialsFile } = files;
    const read = (): readonly Finding[] => {
      readTlsFiles(files);
      const secrets = [files.key, bearerTokenFile, credentialsFile].filter((path) => path !== undefined);
      for (const path of secrets) readFileSync(path);
      const certificates = cert === undefined ? [] : checkCertificate(cert, nowMs);
      return [...certificates, ...secrets.flatMap((path) => checkSecret("secret", path))];
    };
    findings.push(...attempt(read).map((one) => ({ ...one, what: `sink ${name}: ${one.what}` })));
  }
  return findings;
}

function attempt(check: () => readonly Finding[]): readonly Finding[] {
  try {
    return check();
  } catch (error) {
    return [{ state: "wrong", what: errorLine(error) }];
  }
}

function checkTokens(path: string): readonly Finding[] {
  const { size } = readTokens(path);
  const secret = checkSecret("token file", path);
  if (size > 0) return [{ state: "ok", what: `token file ${path}: ${size} tokens` }, ...secret];
  return [{ state: "note", what: `token file ${path}: has no token` }, ...secret];
}

/** What others may read is no secret. */
function checkSecret(what: string, path: string): readonly Finding[] {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o007) === 0) return [];
  const hint = `chmod 600 ${path}`;
  return [{ state: "wrong", what: `${what} ${path}: everybody on this host may read it`, hint }];
}

function checkCertificate(path: string, nowMs: number): readonly Finding[] {
  const { validFrom, validTo } = new X509Certificate(readFileSync(path));
  const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
  const hint = "renew it; SIGHUP makes a running collector read it again";
  if (nowMs < fromMs) return [{ state: "wrong", what: `certificate ${path}: not valid before ${validFrom}` }];
  if (nowMs > toMs) return [{ state: "wrong", what: `certificate ${path}: expired on ${validTo}`, hint }];
  const what = `certificate ${path}: valid for ${Math.floor((toMs - nowMs) / DAY_MS)} days`;
  return [toMs - nowMs < SOON_MS ? { state: "note", what, hint } : { state: "ok", what }];
}
