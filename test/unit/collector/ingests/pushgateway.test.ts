import { expect, test } from "vitest";
import { Refusal } from "../../../../collector/http/route.ts";
import { parseGrouping, pushgateway } from "../../../../collector/ingests/pushgateway.ts";
import type { IngestRequest } from "../../../../collector/ingests/types.ts";
import { acceptedReply, NOW_MS, parseWith, refusedReply } from "../../../support/ask-ingest.ts";

const at = (grouping: string, path = "/metrics/job/{grouping*}") => ({ path, params: { grouping } });
const ENCODED = "/metrics/job@base64/{grouping*}";

test("the path is the group's labels", () => {
  expect(parseGrouping(at("backup/instance/10.0.0.7"))).toEqual({ job: "backup", instance: "10.0.0.7" });
  expect(parseGrouping(at("backup/dir@base64/L3Zhci90bXA/empty//"))).toEqual({
    job: "backup",
    dir: "/var/tmp",
  });
  expect(parseGrouping(at("YS9i", ENCODED))).toEqual({ job: "a/b" });
});

test.for([
  ['"instance": a label without a value', "backup/instance"],
  ['"1a" is not a label name', "backup/1a/x"],
  ['"__name__" is not a label name', "backup/__name__/x"],
  ["label job stands twice", "backup/job/x"],
  ["job is empty", "/a/b"],
])("%s", ([message, grouping = ""]) => {
  expect(() => parseGrouping(at(grouping))).toThrow(message);
});

const GROUP = at("backup/instance/10.0.0.7");
/** What is known: this group's, a narrower one's, and another's. */
const known: IngestRequest["known"] = () => [
  { name: "push_time_seconds", labels: { job: "backup" } },
  { name: "bytes", labels: { job: "backup", disk: "a" } },
  { name: "bytes", labels: { job: "backup", disk: "b" } },
  { name: "seconds", labels: { job: "backup" } },
  { name: "push_time_seconds", labels: { job: "backup", shard: "1" } },
  { name: "bytes", labels: { job: "backup", shard: "1", disk: "a" } },
  { name: "bytes", labels: { job: "other" } },
];

function pushed(method: IngestRequest["method"], body: string): readonly string[] {
  const { series } = parseWith(pushgateway, body, { ...GROUP, method, known });
  return series.map(({ name, labels, samples }) => {
    const { job, instance, ...own } = labels;
    expect([job, instance, samples[0]?.timestampMs]).toEqual(["backup", "10.0.0.7", NOW_MS]);
    return `${name}${JSON.stringify(own)} ${samples[0]?.stale ? "ends" : samples[0]?.value}`;
  });
}

test("POST replaces metrics by name, PUT the whole group, DELETE ends it", () => {
  const body = '# TYPE bytes gauge\nbytes{disk="a"} 7\n';
  const now = ['bytes{"disk":"a"} 7', "push_time_seconds{} 1700000000"];
  expect(pushed("POST", body)).toEqual([...now, 'bytes{"disk":"b"} ends']);
  expect(pushed("PUT", body)).toEqual([...now, 'bytes{"disk":"b"} ends', "seconds{} ends"]);
  expect(pushed("DELETE", "")).toEqual([
    "push_time_seconds{} ends",
    'bytes{"disk":"a"} ends',
    'bytes{"disk":"b"} ends',
    "seconds{} ends",
  ]);
});

test("refused: times, the binary format, nobody's groups", () => {
  expect(() => parseWith(pushgateway, "a 1 1000", GROUP)).toThrow("pushed metrics must not have timestamps");
  expect(() => parseWith(pushgateway, "a 1", at("backup"))).toThrow("neither label instance nor label ip");
  expect(pushgateway.reads("application/vnd.google.protobuf;proto=x")).toBe(false);
  expect(pushgateway.reads("application/x-www-form-urlencoded")).toBe(true);
});

test("answers", () => {
  const statuses = (["POST", "PUT", "DELETE"] as const).map(
    (method) => acceptedReply(pushgateway, {}, { method })[0],
  );
  expect(statuses).toEqual([200, 200, 202]);
  expect(refusedReply(pushgateway, new Refusal(400, "no"))).toMatchObject([400, {}, "no"]);
});
