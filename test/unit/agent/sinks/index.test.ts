import { expect, test } from "vitest";
import { parseDestination, sinks } from "../../../../agent/sinks/index.ts";

const parse = (option: string, value: unknown) => parseDestination({ option, value });

test("scheme and transport choose the protocol, the rest is the URL", () => {
  const { protocol, url } = parse("--push", "remote-write+https://u:p@host:1/a?b=c");

  expect(protocol.name).toBe("remote-write");
  expect(url.href).toBe("https://u:p@host:1/a?b=c");
});

test("every protocol is reached by its name", () => {
  for (const { name, transports } of sinks) {
    for (const transport of transports) {
      expect(parse("--push", `${name}+${transport}://host/`).protocol.name).toBe(name);
    }
  }
});

test.for<[string, string]>([
  ["http://host/", "is not a known scheme"],
  ["smoke+http://host/", "is not a known scheme"],
  ["remote-write+ftp://host/", "is not a known scheme"],
  ["remote-write+http:", "is not a known scheme"],
  ["", "is not a known scheme"],
  ["remote-write+http://:1/", "is not a URL"],
  ["remote-write+http://host:99999/", "is not a URL"],
])("%j is refused in one line", ([text, message]) => {
  expect(() => parse("PLIMSOLL_AGENT_PUSH", text)).toThrow(
    `PLIMSOLL_AGENT_PUSH: ${JSON.stringify(text)} ${message}`,
  );
});

test("a destination of a configuration file may be a mapping", () => {
  const { protocol, url, settings } = parse("push", {
    url: "otlp+https://host/",
    gzip: false,
    headers: { "x-tenant": "a" },
  });

  expect([protocol.name, url.href, settings.gzip, settings.headers]).toEqual([
    "otlp",
    "https://host/",
    false,
    { "x-tenant": "a" },
  ]);
});

test.for<[unknown, string]>([
  [7, "push: must be a text or a mapping"],
  [[], "push: must be a text or a mapping"],
  [{ gzip: true }, "push: url must be a text"],
  [{ url: "otlp+http://host/", colour: "red" }, 'push: unknown option "colour"'],
])("%j is refused", ([value, message]) => {
  expect(() => parse("push", value)).toThrow(message);
});
