import { expect, test } from "vitest";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import { type Series, staleSample } from "../../../../core/metrics/series.ts";
import {
  decodeZabbixFrame,
  encodeZabbixFrame,
  parseZabbixAnswer,
  renderZabbixKey,
  renderZabbixValues,
} from "../../../../core/metrics/zabbix.ts";

const series = (name: string, labels: Series["labels"] = {}, value = 1): Series => ({
  name,
  kind: "gauge",
  help: "",
  labels,
  samples: [{ timestampMs: 1_700_000_000_123, value }],
});

test("a frame, annotated", () => {
  expect(encodeZabbixFrame(Buffer.from("{}")).toString("hex")).toBe(
    "5a425844" + "01" + "02000000" + "00000000" + "7b7d",
  );
  expect(encodeZabbixFrame(Buffer.from("zz"), 9).toString("hex")).toBe(
    "5a425844" + "03" + "02000000" + "09000000" + "7a7a",
  );
});

test("a frame comes in pieces, and may be none", () => {
  const frame = encodeZabbixFrame(Buffer.from("hello"), 7);
  for (let cut = 0; cut < frame.length; cut++)
    expect(decodeZabbixFrame(frame.subarray(0, cut))).toBeUndefined();
  expect(decodeZabbixFrame(Buffer.concat([frame, frame]))).toEqual({
    payload: Buffer.from("hello"),
    isCompressed: true,
  });
  expect(() => decodeZabbixFrame(Buffer.from("HTTP/1.1"))).toThrow("not a Zabbix frame");
  expect(() => decodeZabbixFrame(Buffer.from("HT"))).toThrow("not a Zabbix frame");
  const large = Buffer.from(frame);
  large.writeUInt32LE(1e9, 5);
  expect(() => decodeZabbixFrame(large)).toThrow("too large");
});

test("an answer tells how many values were not taken", () => {
  const info = "processed: 2; failed: 1; total: 3; seconds spent: 0.000168";

  expect(parseZabbixAnswer(JSON.stringify({ response: "success", info }))).toEqual({ failed: 1, info });
  for (const text of [
    '{"response":"failed"}',
    '{"response":"success"}',
    "[1]",
    "null",
    "no JSON",
    `{"info":"${info}"}`,
  ]) {
    expect(parseZabbixAnswer(text)).toBeUndefined();
  }
});

test("values begin with agent.ping, each at its own time; what is no number is left out", () => {
  const batch = {
    identity: { instance: "10.0.0.7" },
    series: [series("node_load1"), series("x", {}, Number.NaN)],
  };
  const { text, samples } = renderZabbixValues(batch, new LabelCache(renderZabbixKey));

  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { host: "10.0.0.7", key: "agent.ping", value: "1", clock: 1_700_000_000, ns: 123_000_000 },
    { host: "10.0.0.7", key: "system.cpu.load[all,avg1]", value: "1", clock: 1_700_000_000, ns: 123_000_000 },
  ]);
  expect(samples).toBe(2);
  const ended = { ...series("x"), samples: [staleSample(1)] };
  expect(renderZabbixValues({ identity: {}, series: [ended] }, new LabelCache(renderZabbixKey)).samples).toBe(
    0,
  );
});

test.for<[string, Series["labels"], string]>([
  ["node_memory_MemTotal_bytes", {}, "vm.memory.size[total]"],
  ["node_network_receive_bytes_total", { device: "eth0" }, "net.if.in[eth0,bytes]"],
  ["node_filesystem_avail_bytes", { mountpoint: "/a,b", device: "d" }, 'vfs.fs.size["/a,b",free]'],
  ["node_cpu_seconds_total", { mode: "idle", cpu: "0" }, "node_cpu_seconds_total[0,idle]"],
  ["node_x", {}, "node_x"],
  ["node_x", { a: '"q"', b: " s", c: "[x]", d: "" }, 'node_x["\\"q\\""," s","[x]",]'],
])("%s %j is %s", ([name, labels, key]) => {
  expect(JSON.parse(renderZabbixKey(series(name, labels)))).toBe(key);
});
