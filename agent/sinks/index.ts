import { failing, type GivenValue } from "../../core/runtime/options.ts";
import { DEFAULT_SETTINGS, type PushSettings, parseSettings, SETTING_NAMES } from "../push-settings.ts";
import type { SinkProtocol } from "./types.ts";

const HTTP: readonly string[] = ["http", "https"];
const TCP: readonly string[] = ["tcp", "tls"];

/** Every protocol the agent can push by. */
export const sinks: readonly SinkProtocol[] = [
  {
    name: "remote-write",
    transports: HTTP,
    load: async () => (await import("./remote-write.ts")).openRemoteWrite,
  },
  {
    name: "remote-write-v2",
    transports: HTTP,
    load: async () => (await import("./remote-write-v2.ts")).openRemoteWriteV2,
  },
  { name: "otlp", transports: HTTP, load: async () => (await import("./otlp.ts")).openOtlp },
  { name: "influx", transports: HTTP, load: async () => (await import("./influx.ts")).openInflux },
  { name: "falcon", transports: HTTP, load: async () => (await import("./open-falcon.ts")).openOpenFalcon },
  { name: "graphite", transports: TCP, load: async () => (await import("./graphite.ts")).openGraphite },
  { name: "zabbix", transports: TCP, load: async () => (await import("./zabbix.ts")).openZabbix },
];

/** Where a `--push` goes. */
export interface Destination {
  readonly protocol: SinkProtocol;
  readonly url: URL;
  readonly settings: PushSettings;
}

/**
 * `remote-write+http://10.0.0.1:9465/api/v1/write`, or that as `url` of a mapping with the settings of
 * the destination. Throws UsageError naming the option.
 */
export function parseDestination(given: GivenValue): Destination {
  const { value } = given;
  if (typeof value === "string") return { ...parseUrl(given, value), settings: DEFAULT_SETTINGS };
  const fail = failing(given, `a URL, or url and ${SETTING_NAMES.join(", ")}`);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("must be a text or a mapping");
  const { url, ...options } = value as Record<string, unknown>;
  if (typeof url !== "string") return fail("url must be a text", "url");
  return { ...parseUrl(given, url, "url"), settings: parseSettings(options, fail) };
}

/** The keys lead to the text, where it is not the value itself. */
function parseUrl(
  given: GivenValue,
  text: string,
  ...keys: readonly string[]
): { protocol: SinkProtocol; url: URL } {
  const [, name = "", transport = "", rest = ""] = /^([a-z0-9-]+)\+([a-z]+)(:\/\/.+)$/.exec(text) ?? [];
  const protocol = sinks.find((sink) => sink.name === name && sink.transports.includes(transport));
  if (protocol === undefined) {
    const known = sinks.flatMap((sink) => sink.transports.map((one) => `${sink.name}+${one}://`));
    const hint = `write ${known.join(" or ")} and the rest of the address`;
    return failing(given, hint)(`${JSON.stringify(text)} is not a known scheme`, ...keys);
  }
  if (!URL.canParse(transport + rest)) return failing(given)(`${JSON.stringify(text)} is not a URL`, ...keys);
  return { protocol, url: new URL(transport + rest) };
}
