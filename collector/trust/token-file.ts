// One token a line, with what it may speak for; what follows # is for people:
//   c2VjcmV0LW9mLXdlYi03   10.0.0.7
//   b2YtYS1ob3N0          10.0.4.0/24    # every container of one host
//   b2YtYS1jb2xsZWN0b3I   *              # a collector that hands on to this one
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine, UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { addAddress } from "./address-list.ts";

/** What each token may speak for. Tokens are kept as digests: looking one up takes the same time for a near miss. */
export type Tokens = ReadonlyMap<string, Scope>;

export interface Scope {
  readonly everything: boolean;
  readonly addresses: BlockList;
}

const SHORTEST_TOKEN = 16;
/** How soon a changed file is noticed. */
const LOOK_MS = 1000;

/** Throws UsageError naming `path` and the line that is wrong. */
export function parseTokens(path: string, text: string): Tokens {
  const tokens = new Map<string, { everything: boolean; readonly addresses: BlockList }>();
  for (const [index, line] of text.split("\n").entries()) {
    const fail = (what: string): never => {
      throw new UsageError(`token file ${path}:${index + 1}: ${what}`);
    };
    const [token, target, ...rest] = line.replace(/#.*/, "").split(/\s+/).filter(Boolean);
    if (token === undefined) continue;
    if (target === undefined || rest.length > 0) return fail("expected a token and an address");
    if (token.length < SHORTEST_TOKEN) return fail(`a token has at least ${SHORTEST_TOKEN} characters`);
    const scope = tokens.get(digestOf(token)) ?? { everything: false, addresses: new BlockList() };
    tokens.set(digestOf(token), scope);
    if (target === "*") scope.everything = true;
    else if (!addAddress(scope.addresses, target)) fail(`${JSON.stringify(target)} is not an address`);
  }
  return tokens;
}

export function isCovered(tokens: Tokens, token: string, address: string): boolean {
  const scope = tokens.get(digestOf(token));
  if (scope === undefined) return false;
  return scope.everything || scope.addresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** Whether the token speaks for every machine: such a one may also announce what is going to happen to them. */
export function coversEverything(tokens: Tokens, token: string): boolean {
  return tokens.get(digestOf(token))?.everything ?? false;
}

/** The tokens as the file has them now; one that cannot be read any more leaves those known before, and is logged. */
export function openTokenFile(path: string, clock: Clock, log: Logger): () => Tokens {
  let version = versionOf(path);
  let tokens = readTokens(path);
  let lookedMs = clock.monotonicMs();
  return () => {
    if (clock.monotonicMs() - lookedMs < LOOK_MS) return tokens;
    lookedMs = clock.monotonicMs();
    const found = versionOf(path);
    if (found === version) return tokens;
    version = found;
    try {
      tokens = readTokens(path);
      log.info({ path, tokens: tokens.size }, "token file read again");
    } catch (error) {
      log.warn({ path, problem: errorLine(error) }, "token file not taken, the former one is in force");
    }
    return tokens;
  };
}

/** Throws UsageError naming the file, and the line that is wrong. */
export function readTokens(path: string): Tokens {
  return parseTokens(path, readText(path));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`token file ${path}: cannot be read`, { cause });
  }
}

function versionOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status === undefined ? "" : `${status.dev}:${status.ino}:${status.size}:${status.mtimeNs}`;
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
