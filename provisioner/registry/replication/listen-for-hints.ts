import { readFileSync } from "node:fs";
import { UsageError } from "../../../core/runtime/errors.ts";
import type { Listening } from "../listen.ts";
import { openHintServer } from "./hint-server.ts";
import type { Hints } from "./hints.ts";

export interface ListenOptions {
  readonly listen?: string;
  readonly tokenFile?: string;
}

/** Takes notifications at HOST:PORT; nothing where none is given. Throws UsageError for what is none, or open to others. */
export async function listenForHints(
  hints: Hints,
  { listen: text, tokenFile }: ListenOptions,
): Promise<Listening | undefined> {
  if (text === undefined) return undefined;
  const [, host = "", port = ""] =
    /^(?:\[([0-9a-f:]+)\]|([^:]+)):(\d{1,5})$/.exec(text)?.filter(Boolean) ?? [];
  if (port === "") throw new UsageError(`--listen: ${JSON.stringify(text)} is not HOST:PORT`);
  if (tokenFile === undefined && !/^(?:127\.|::1$|localhost$)/.test(host))
    throw new UsageError("--listen: beyond loopback a token is needed", { hint: "give --token-file" });
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, "utf8").trim();
  return openHintServer(hints, { host, port: Number(port) }, token);
}
