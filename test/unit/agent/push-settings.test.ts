import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS, parseSettings, readAuthorization } from "../../../agent/push-settings.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const fail = (what: string): never => {
  throw new Error(what);
};

test("every option of a destination", () => {
  expect(parseSettings({}, fail)).toEqual(DEFAULT_SETTINGS);
  const texts = { name: "a", bearerTokenFile: "/t", ca: "/ca", cert: "/c", key: "/k", serverName: "n" };
  const { proxy, ...rest } = parseSettings(
    {
      ...texts,
      verify: false,
      gzip: false,
      timeout: "3s",
      headers: { "X-Scope-OrgID": "a" },
      proxy: "http://u:p@proxy:3128",
      retryStatuses: [401, 403],
    },
    fail,
  );
  expect(rest).toEqual({
    ...texts,
    verify: false,
    gzip: false,
    timeoutMs: 3000,
    headers: { "x-scope-orgid": "a" },
    retryStatuses: [401, 403],
  });
  expect(proxy?.host).toBe("proxy:3128");
});

test.for<[Record<string, unknown>, string]>([
  [{ colour: "red" }, 'unknown option "colour"'],
  [{ constructor: "red" }, 'unknown option "constructor"'],
  [{ ca: 1 }, "ca must be a text"],
  [{ ca: "" }, "ca must be a text"],
  [{ gzip: "yes" }, "gzip must be true or false"],
  [{ timeout: 10 }, "timeout must be a duration"],
  [{ timeout: "ten" }, "is not a duration"],
  [{ headers: [] }, "headers must be a mapping"],
  [{ headers: { a: "b\nc" } }, "headers a must be one line of text"],
  [{ headers: { "a b": "c" } }, "headers a b is not a header"],
  [{ proxy: "socks://x" }, "proxy must be an http:// URL"],
  [{ retryStatuses: 401 }, "retryStatuses must be a list"],
  [{ retryStatuses: [200] }, "retryStatuses must be a list"],
  [{ user: "u" }, "user and passwordFile go together"],
  [{ cert: "/c" }, "cert and key go together"],
  [{ user: "u", passwordFile: "/p", bearerTokenFile: "/t" }, "either user or bearerTokenFile"],
])("%j is refused", ([options, message]) => {
  expect(() => parseSettings(options, fail)).toThrow(message);
});

test("who pushes: a token or a password from its file, the URL's, or nobody", () => {
  const secret = join(cleanup.temporaryFolder(), "secret");
  writeFileSync(secret, "s3cret\n");
  const url = new URL("http://host/");
  const withFile = (settings: object) => readAuthorization(url, { ...DEFAULT_SETTINGS, ...settings });

  expect(withFile({ bearerTokenFile: secret })).toEqual({ authorization: "Bearer s3cret" });
  expect(withFile({ user: "u", passwordFile: secret })).toEqual({
    authorization: `Basic ${btoa("u:s3cret")}`,
  });
  expect(readAuthorization(new URL("http://u:p%40@host/"), DEFAULT_SETTINGS)).toEqual({
    authorization: `Basic ${btoa("u:p@")}`,
  });
  expect(withFile({})).toEqual({});
});
