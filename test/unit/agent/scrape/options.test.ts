import { expect, test } from "vitest";
import { parseScrapes } from "../../../../agent/scrape/options.ts";
import { errorLine } from "../../../../core/runtime/errors.ts";

const parse = (...values: readonly unknown[]) =>
  parseScrapes(values.map((value) => ({ option: "configuration a.yaml: scrape", value })));

test("JOB=URL, with /metrics where no path is given", () => {
  const [scrape] = parse("shop=http://127.0.0.1:8080");

  expect(scrape).toMatchObject({
    job: "shop",
    honorLabels: false,
    honorTimestamps: true,
    intervalMs: undefined,
  });
  expect(scrape?.url.href).toBe("http://127.0.0.1:8080/metrics");
  expect(parse("a=http://x/y?z=1")[0]?.url.search).toBe("?z=1");
});

test("a mapping with everything", () => {
  const [scrape] = parse({
    job: "shop",
    url: "https://127.0.0.1/stats",
    interval: "1m",
    timeout: "3s",
    honorLabels: true,
    honorTimestamps: false,
    labels: { tier: "front" },
    sampleLimit: 100,
    labelLimit: 20,
    labelNameLengthLimit: 30,
    labelValueLengthLimit: 40,
    bodySizeLimit: 1000,
    bearerTokenFile: "/run/token",
  });

  expect(scrape).toMatchObject({
    intervalMs: 60_000,
    honorLabels: true,
    honorTimestamps: false,
    labels: { tier: "front" },
    limits: { samples: 100, labels: 20, labelNameLength: 30, labelValueLength: 40, bodyBytes: 1000 },
    settings: { timeoutMs: 3000, bearerTokenFile: "/run/token" },
  });
});

test("one job may have many endpoints", () => {
  expect(parse("shop=http://127.0.0.1:1", "shop=http://127.0.0.1:2")).toHaveLength(2);
  expect(
    parse({ job: "a", url: "http://x:1/b", labels: { part: "b" } }, { job: "a", url: "http://x:1/c" }),
  ).toHaveLength(2);
});

const URL = "http://127.0.0.1:1";

test.each([
  ["http://127.0.0.1", "is not JOB=URL (hint: JOB=URL, or a mapping with job and url)"],
  ["a=ftp://x", '"ftp://x" is not an http:// or https:// URL'],
  [5, "must be a text or a mapping"],
  [{ url: URL }, "job must be a text"],
  [{ job: "a" }, "is not an http:// or https:// URL"],
  [{ job: "a", url: URL, interval: 5 }, "interval must be a duration"],
  [{ job: "a", url: URL, honorLabels: "yes" }, "honorLabels must be true or false"],
  [{ job: "a", url: URL, sampleLimit: 0 }, "sampleLimit must be a whole number above 0"],
  [{ job: "a", url: URL, labels: { ip: "x" } }, "labels ip is the agent's own"],
  [{ job: "a", url: URL, labels: { "a-b": "x" } }, 'labels "a-b" is not a label name'],
  [{ job: "a", url: URL, labels: { a: "" } }, "labels a must be a text"],
  [{ job: "a", url: URL, labels: "x" }, "labels must be a mapping"],
  [{ job: "a", url: URL, verifi: true }, 'unknown option "verifi"'],
  [{ job: "a", url: URL, constructor: 1 }, 'unknown option "constructor"'],
])("%j is refused: %s", (value, message) => {
  expect(() => {
    try {
      parse(value);
    } catch (error) {
      throw new Error(errorLine(error));
    }
  }).toThrow(message);
});

test("two that would make the same series are refused", () => {
  expect(() => parse("a=http://x:1/b", "a=http://x:1/c")).toThrow("job a has x:1 twice");
});
