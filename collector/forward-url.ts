import { UsageError } from "../core/runtime/errors.ts";
import { SINK_KINDS } from "./sinks/index.ts";
import type { SinkKind } from "./sinks/types.ts";

export interface Forward {
  readonly kind: SinkKind;
  readonly url: URL;
  /** The URL without credentials: for logs, counters and messages. */
  readonly name: string;
}

/** `remote-write+http://host:9090/api/v1/write` → protocol and URL. Throws UsageError naming `option` otherwise. */
export function parseForwardUrl(option: string, text: string): Forward {
  const [, scheme, transport, rest] = /^([a-z-]+)\+([a-z]+)(:\/\/.+)$/.exec(text) ?? [];
  const kind = SINK_KINDS.find((known) => known.scheme === scheme);
  const target = `${transport}${rest}`;
  if (kind === undefined || !URL.canParse(target) || !kind.transports.includes(transport ?? "")) {
    const known = SINK_KINDS.flatMap((each) => each.transports.map((over) => `${each.scheme}+${over}://…`));
    throw new UsageError(`${option}: ${JSON.stringify(text)} is not a URL to forward to`, {
      hint: `one of ${known.join(", ")}`,
    });
  }
  const url = new URL(target);
  return { kind, url, name: `${scheme}+${transport}://${url.host}${url.pathname}` };
}
