import { expect, test } from "vitest";
import { parseForward, parseForwardUrl } from "../../../collector/forward-url.ts";
import { UsageError } from "../../../core/runtime/errors.ts";

test("protocol and URL", () => {
  const { kind, url, name } = parseForwardUrl(
    "--forward",
    "remote-write+https://me:secret@host:9090/api/v1/write?x=1",
  );
  expect(kind.scheme).toBe("remote-write");
  expect(url.href).toBe("https://me:secret@host:9090/api/v1/write?x=1");
  expect(name).toBe("remote-write+https://host:9090/api/v1/write");
});

test.for([
  "",
  "http://h/",
  "remote-write+ftp://h/",
  "remote-write+http://",
  "kafka+tcp://h/",
  "ndjson+file://relative/x",
  "remote-write://h/",
])("%j is refused, with what is known", (text) => {
  expect(() => parseForwardUrl("--forward", text)).toThrow(UsageError);
  expect(() => parseForwardUrl("--forward", text)).toThrow(`--forward: ${JSON.stringify(text)} is not a URL`);
});

test("what is refused is told without its password", () => {
  expect(() => parseForwardUrl("--forward", "influx+htp://me:p/ss@h/w")).toThrow(
    '--forward: "influx+htp://…@h/w" is not a URL',
  );
});

test("a mapping has rules and a secret beside the URL", () => {
  const { kind, relabel, files, shards, queueMiB } = parseForward("forward", {
    url: "remote-write-v2+http://h/w",
    relabel: [{ source_labels: ["__name__"], regex: "node_.*", action: "keep" }],
    ...{ bearerTokenFile: "/run/token", ca: "/ca.pem" },
    shards: 4,
    queueMiB: 1024,
  });
  expect([shards, queueMiB]).toEqual([4, 1024]);
  expect(parseForward("forward", "otlp+http://h").shards).toBe(1);
  expect([kind.scheme, files]).toEqual(["remote-write-v2", { bearerTokenFile: "/run/token", ca: "/ca.pem" }]);
  expect([relabel?.({ __name__: "up" }), relabel?.({ __name__: "node_load1" })]).toEqual([
    undefined,
    { __name__: "node_load1" },
  ]);
  expect(parseForward("forward", "ndjson+file:///var/x.ndjson").name).toBe("ndjson+file:///var/x.ndjson");
});

test.for([
  ["must be a text or a mapping", 5],
  ["url must be a text", {}],
  ['unknown option "token"', { url: "otlp+http://h", token: "x" }],
  ["bearerTokenFile must be a text", { url: "otlp+http://h", bearerTokenFile: 5 }],
  ["cert and key belong together", { url: "otlp+http://h", cert: "/c" }],
  ["shards must be a number from 1 to 8", { url: "otlp+http://h", shards: 9 }],
  ["queueMiB must be a number from 1 to 8192", { url: "otlp+http://h", queueMiB: "1GiB" }],
  ["relabel: rule 1: ", { url: "otlp+http://h", relabel: [{ action: "no" }] }],
] as const)("%s", ([message, value]) => {
  expect(() => parseForward("forward", value)).toThrow(`forward: ${message}`);
});
