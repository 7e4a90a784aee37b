import { UsageError } from "../../../core/runtime/errors.ts";
import type { Listening } from "../listen.ts";
import { readInput } from "../server/inputs.ts";
import { openHintServer } from "./hint-server.ts";
import type { Hints } from "./hints.ts";

export interface ListenOptions {
  readonly listen?: string;
  readonly tokenFile?: string | undefined;
}

/** What only a service takes, of a command that runs once. */
export function refuseListening({ listen, tokenFile }: ListenOptions): void {
  if (listen !== undefined) throw new UsageError("--listen goes with --every");
  if (tokenFile !== undefined) throw new UsageError("--token-file goes with --listen");
}

/** Takes notifications at HOST:PORT; nothing where none is given. Throws UsageError for what is none, or open to others. */
export async function listenForHints(
  hints: Hints,
  { listen: text, tokenFile }: ListenOptions,
): Promise<Listening | undefined> {
  if (text === undefined) {
    refuseListening({ tokenFile });
    return undefined;
  }
  const [, host = "", port = ""] =
    /^(?:\[([0-9a-f:]+)\]|([^:]+)):(\d{1,5})$/.exec(text)?.filter(Boolean) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new UsageError(`--listen: ${JSON.stringify(text)} is not HOST:PORT`);
  if (tokenFile === undefined && !/^(?:127\.|::1$|localhost$)/.test(host))
    throw new UsageError("--listen: beyond loopback a token is needed", { hint: "give --token-file" });
  const token = tokenFile === undefined ? undefined : readInput(tokenFile).trim();
  if (token === "") throw new UsageError(`${tokenFile}: has no token in it`);
  return openHintServer(hints, { host, port: Number(port) }, token);
}
