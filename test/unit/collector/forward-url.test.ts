import { expect, test } from "vitest";
import { parseForwardUrl } from "../../../collector/forward-url.ts";
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
  "nats+http://h/",
  "remote-write://h/",
])("%j is refused, with what is known", (text) => {
  expect(() => parseForwardUrl("--forward", text)).toThrow(UsageError);
  expect(() => parseForwardUrl("--forward", text)).toThrow(`--forward: ${JSON.stringify(text)} is not a URL`);
});
