import { UsageError } from "../../core/runtime/errors.ts";
import { remoteWrite } from "./remote-write.ts";
import type { SinkProtocol } from "./types.ts";

/** Every protocol the agent can push by. */
export const sinks: readonly SinkProtocol[] = [remoteWrite];

/** Where a `--push` goes. */
export interface Destination {
  readonly protocol: SinkProtocol;
  readonly url: URL;
}

/** `remote-write+http://10.0.0.1:9465/api/v1/write` → protocol and URL. Throws UsageError naming `option`. */
export function parseDestination(option: string, text: string): Destination {
  const [, name = "", transport = "", rest = ""] = /^([a-z0-9-]+)\+([a-z]+)(:\/\/.+)$/.exec(text) ?? [];
  const protocol = sinks.find((sink) => sink.name === name && sink.transports.includes(transport));
  if (protocol === undefined) {
    const known = sinks.flatMap((sink) => sink.transports.map((one) => `${sink.name}+${one}://`));
    throw new UsageError(`${option}: ${JSON.stringify(text)} is not a known scheme`, {
      hint: `write ${known.join(" or ")} and the rest of the address`,
    });
  }
  if (!URL.canParse(transport + rest)) {
    throw new UsageError(`${option}: ${JSON.stringify(text)} is not a URL`);
  }
  return { protocol, url: new URL(transport + rest) };
}
