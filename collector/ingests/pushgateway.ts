import { DecodeError } from "../../core/metrics/decode-error.ts";
import { parseExposition } from "../../core/metrics/exposition-parse.ts";
import { isLabelName, setLabel } from "../../core/metrics/labels.ts";
import { type Labels, type Series, staleSample } from "../../core/metrics/series.ts";
import { PLAIN_OR_GZIP } from "../http/encodings.ts";
import { textReply } from "../http/route.ts";
import { machineOf } from "../identity.ts";
import { isMachineLabel, keyOf } from "../shapes.ts";
import type { Ingest, Ingested, IngestRequest } from "./types.ts";

/** Pushgateway's own, of each group: it also tells us which groups there are. */
const PUSH_TIME = "push_time_seconds";

/**
 * Prometheus' text at Pushgateway's paths. A group is what the path says: PUT replaces it, POST
 * replaces the metrics it names, DELETE ends it.
 */
export const pushgateway: Ingest = {
  name: "pushgateway",
  methods: ["POST", "PUT", "DELETE"],
  paths: ["/metrics/job/{grouping*}", "/metrics/job@base64/{grouping*}"],
  takes: "text/plain; version=0.0.4",
  reads: (contentType) => !contentType.startsWith("application/vnd.google.protobuf"),
  encodings: PLAIN_OR_GZIP,
  parse: (bytes, request) => {
    const group = parseGrouping(request);
    return request.method === "DELETE" ? end(group, request) : replace(group, bytes, request);
  },
  accepted: (_, { method }) => (method === "DELETE" ? { status: 202 } : { status: 200 }),
  refused: ({ status, message, headers }) => textReply(status, message, headers),
};

/** `/metrics/job/backup/instance/10.0.0.7`; `name@base64` has its value in base64, which may hold slashes. */
export function parseGrouping({ path, params }: Pick<IngestRequest, "path" | "params">): Labels {
  const [, , job = ""] = path.split("/");
  const parts = [job, ...(params.grouping ?? "").split("/")];
  if (parts.at(-1) === "") parts.pop();
  if (parts.length % 2 !== 0) throw malformed(`${JSON.stringify(parts.at(-1))}: a label without a value`);
  const labels: Record<string, string> = {};
  for (let i = 0; i < parts.length; i += 2) {
    const [name, value] = decodePair(parts[i] ?? "", parts[i + 1] ?? "");
    if (Object.hasOwn(labels, name)) throw malformed(`label ${name} stands twice`);
    if (value !== "") setLabel(labels, name, value);
  }
  if (labels.job === undefined) throw malformed("job is empty");
  return labels;
}

function decodePair(key: string, text: string): readonly [name: string, value: string] {
  const name = key.replace(/@base64$/, "");
  if (!isLabelName(name) || name.startsWith("__"))
    throw malformed(`${JSON.stringify(name)} is not a label name`);
  return [name, name === key ? text : Buffer.from(text, "base64url").toString("utf8")];
}

function replace(group: Labels, bytes: Uint8Array, request: IngestRequest): Ingested {
  const { nowMs, method } = request;
  const text = Buffer.from(bytes).toString("utf8");
  const page = parseExposition(text, { nowMs, labels: group, refusesTimestamps: true });
  page.add(
    PUSH_TIME,
    group,
    { timestampMs: nowMs, value: nowMs / 1000 },
    { kind: "gauge", help: "Last push." },
  );
  const names = new Set(page.series.map(({ name }) => name));
  const pushed = new Set(page.series.map(({ name, labels }) => keyOf(name, ownOf(labels))));
  const ended = endedOf(group, request).filter(
    ({ name, labels }) => (method === "PUT" || names.has(name)) && !pushed.has(keyOf(name, ownOf(labels))),
  );
  return { series: [...page.series, ...ended], families: page.families, skipped: {} };
}

function end(group: Labels, request: IngestRequest): Ingested {
  return { series: endedOf(group, request), families: [], skipped: {} };
}

/** Every known series of the group, ended now; not those of a group that says more than this one. */
function endedOf(group: Labels, { known, nowMs }: IngestRequest): readonly Series[] {
  const machine = machineOf(group);
  if (machine === undefined)
    throw malformed("neither label instance nor label ip of the path is an IP address");
  const own = ownOf(group);
  const series = [...known(machine)].filter(({ labels }) => isPart(own, labels));
  const narrower = series
    .filter(({ name, labels }) => name === PUSH_TIME && !isPart(labels, own))
    .map(({ labels }) => labels);
  return series
    .filter(({ labels }) => !narrower.some((one) => isPart(one, labels)))
    .map(({ name, labels }): Series => {
      const samples = [staleSample(nowMs)];
      return { name, kind: "unknown", help: "", labels: { ...labels, ...group }, samples };
    });
}

/** Without the labels that say which machine it is: known series do not have them. */
function ownOf(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name, value]) => !isMachineLabel(name, value)));
}

function isPart(labels: Labels, whole: Labels): boolean {
  return Object.entries(labels).every(([name, value]) => whole[name] === value);
}

function malformed(what: string): DecodeError {
  return new DecodeError("MALFORMED", what);
}
