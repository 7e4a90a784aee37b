import { UsageError } from "../core/runtime/errors.ts";
import { MAX_SHARDS } from "./forwarding.ts";
import { parseRelabel, type Relabel } from "./relabel.ts";
import { SINK_KINDS } from "./sinks/index.ts";
import type { SinkFiles, SinkKind } from "./sinks/types.ts";

export interface Forward {
  readonly kind: SinkKind;
  readonly url: URL;
  /** The URL without credentials: for logs, counters and messages. */
  readonly name: string;
  readonly relabel: Relabel | undefined;
  readonly files: SinkFiles;
  /** How many queues, and deliveries at once. */
  readonly shards: number;
  /** Of all its queues together. */
  readonly queueMiB: number;
}

/** A sample with its labels is some 150 bytes there, some 20 where it is queued compressed. */
const DEFAULT_QUEUE_MIB = 64;
/** A sixteenth of it is read into memory at a start. */
const MAX_QUEUE_MIB = 8192;

/** A URL, or a mapping with it as `url` beside what else is to be known of the sink. Throws UsageError naming `option`. */
export function parseForward(option: string, value: unknown): Forward {
  if (typeof value === "string") return parseForwardUrl(option, value);
  const fail = (what: string): never => {
    throw new UsageError(`${option}: ${what}`, {
      hint: `a URL, or url, relabel, shards, queueMiB, ${FILES.join(", ")}`,
    });
  };
  if (typeof value !== "object" || value === null) return fail("must be a text or a mapping");
  const {
    url,
    relabel,
    shards = 1,
    queueMiB = DEFAULT_QUEUE_MIB,
    ...others
  } = value as Record<string, unknown>;
  const stranger = Object.keys(others).find((name) => !FILES.some((known) => known === name));
  if (stranger !== undefined) fail(`unknown option ${JSON.stringify(stranger)}`);
  if (typeof url !== "string") return fail("url must be a text");
  const files = parseFiles(others, fail);
  if (!isWhole(shards, MAX_SHARDS)) return fail(`shards must be a number from 1 to ${MAX_SHARDS}`);
  if (!isWhole(queueMiB, MAX_QUEUE_MIB)) return fail(`queueMiB must be a number from 1 to ${MAX_QUEUE_MIB}`);
  const failRelabel = (what: string): never => fail(`relabel: ${what}`);
  return {
    ...parseForwardUrl(option, url),
    relabel: relabel === undefined ? undefined : parseRelabel(relabel, failRelabel),
    files,
    shards,
    queueMiB,
  };
}

const FILES = ["bearerTokenFile", "credentialsFile", "ca", "cert", "key"] as const;

function parseFiles(given: Readonly<Record<string, unknown>>, fail: (what: string) => never): SinkFiles {
  const wrong = FILES.find((name) => given[name] !== undefined && typeof given[name] !== "string");
  if (wrong !== undefined) fail(`${wrong} must be a text`);
  if ((given.cert === undefined) !== (given.key === undefined)) fail("cert and key belong together");
  return given;
}

/** `remote-write+http://host:9090/api/v1/write` → protocol and URL. Throws UsageError naming `option` otherwise. */
export function parseForwardUrl(option: string, text: string): Forward {
  const [, scheme, transport, rest] = /^([a-z0-9-]+)\+([a-z]+)(:\/\/.+)$/.exec(text) ?? [];
  const kind = SINK_KINDS.find((known) => known.scheme === scheme);
  const target = `${transport}${rest}`;
  const isElsewhere = transport === "file" && !rest?.startsWith(":///");
  if (
    kind === undefined ||
    isElsewhere ||
    !URL.canParse(target) ||
    !kind.transports.includes(transport ?? "")
  ) {
    const known = SINK_KINDS.map(
      (each) => `${each.scheme}+${each.transports[0]}://${each.transports[0] === "file" ? "/…" : "…"}`,
    );
    throw new UsageError(
      `${option}: ${JSON.stringify(withoutCredentials(text))} is not a URL to forward to`,
      {
        hint: `one of ${known.join(", ")}`,
      },
    );
  }
  const url = new URL(target);
  return { kind, url, name: `${scheme}+${transport}://${url.host}${url.pathname}`, ...PLAIN };
}

/** What may be a URL, for a message: that goes to a log. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/.*@/s, "//…@");
}

const PLAIN: Pick<Forward, "relabel" | "files" | "shards" | "queueMiB"> = {
  relabel: undefined,
  files: {},
  shards: 1,
  queueMiB: DEFAULT_QUEUE_MIB,
};

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
}
