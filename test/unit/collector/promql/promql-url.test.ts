import { expect, test } from "vitest";
import { parsePromqlUrl } from "../../../../collector/promql/promql-url.ts";

test.for([
  ["prometheus+http://h:9090", "http://h:9090/", "prometheus+http://h:9090"],
  ["prometheus+http://h:9090/", "http://h:9090/", "prometheus+http://h:9090"],
  ["prometheus+https://u:p@h/prometheus/", "https://u:p@h/prometheus", "prometheus+https://h/prometheus"],
] as const)("%s", ([text, url, name]) => {
  const parsed = parsePromqlUrl("--history-from", text);
  expect([parsed.url.href, parsed.name]).toEqual([url, name]);
});

test("what is none is told without its password", () => {
  expect(() => parsePromqlUrl("--history-from", "prometheus+htp://me:secret@h")).toThrow(
    '"prometheus+htp://…@h" is not a URL',
  );
});

test.for(["http://h:9090", "prometheus+ftp://h", "prometheus+http://", "h:9090", ""])(
  "%j is none",
  (text) => {
    expect(() => parsePromqlUrl("--history-from", text)).toThrow(
      /^--history-from: .* is not a URL to read history from/,
    );
  },
);
