import { UsageError } from "../../core/runtime/errors.ts";
import { DEFAULT_SETTINGS, type PushSettings, parseSettings, SETTING_NAMES } from "../push-settings.ts";
import { graphite } from "./graphite.ts";
import { influx } from "./influx.ts";
import { openFalcon } from "./open-falcon.ts";
import { otlp } from "./otlp.ts";
import { remoteWrite } from "./remote-write.ts";
import { remoteWriteV2 } from "./remote-write-v2.ts";
import type { SinkProtocol } from "./types.ts";
import { zabbix } from "./zabbix.ts";

/** Every protocol the agent can push by. */
export const sinks: readonly SinkProtocol[] = [
  remoteWrite,
  remoteWriteV2,
  otlp,
  influx,
  openFalcon,
  graphite,
  zabbix,
];

/** Where a `--push` goes. */
export interface Destination {
  readonly protocol: SinkProtocol;
  readonly url: URL;
  readonly settings: PushSettings;
}

/**
 * `remote-write+http://10.0.0.1:9465/api/v1/write`, or that as `url` of a mapping with the settings of
 * the destination. Throws UsageError naming `option`.
 */
export function parseDestination(option: string, value: unknown): Destination {
  if (typeof value === "string") return { ...parseUrl(option, value), settings: DEFAULT_SETTINGS };
  const fail = (what: string): never => {
    throw new UsageError(`${option}: ${what}`, { hint: `a URL, or url and ${SETTING_NAMES.join(", ")}` });
  };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("must be a text or a mapping");
  const { url, ...options } = value as Record<string, unknown>;
  if (typeof url !== "string") return fail("url must be a text");
  return { ...parseUrl(option, url), settings: parseSettings(options, fail) };
}

function parseUrl(option: string, text: string): { protocol: SinkProtocol; url: URL } {
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
