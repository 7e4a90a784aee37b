import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../agent/push-settings.ts";
import { readTls, tlsVersion } from "../../../agent/tls.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("files, and the name that the certificate must have: the URL's, unless it is an address or told otherwise", () => {
  const file = join(cleanup.temporaryFolder(), "pem");
  writeFileSync(file, "PEM");
  const settings = { ...DEFAULT_SETTINGS, ca: file, cert: file, key: file };

  expect(readTls("host", settings)).toEqual({
    ca: "PEM",
    cert: "PEM",
    key: "PEM",
    servername: "host",
    rejectUnauthorized: true,
  });
  expect(readTls("10.0.0.1", DEFAULT_SETTINGS)).toEqual({ rejectUnauthorized: true });
  expect(readTls("[::1]", { ...DEFAULT_SETTINGS, serverName: "n", verify: false })).toEqual({
    servername: "n",
    rejectUnauthorized: false,
  });
  expect(() => readTls("host", { ...DEFAULT_SETTINGS, ca: "/nowhere" })).toThrow("ENOENT");
});

test("a file that is written again makes another version", () => {
  const ca = join(cleanup.temporaryFolder(), "pem");
  const settings = { ...DEFAULT_SETTINGS, ca };
  const absent = tlsVersion(settings);
  writeFileSync(ca, "1");
  const first = tlsVersion(settings);
  expect(tlsVersion(settings)).toBe(first);
  utimesSync(ca, 1, 1);

  expect(new Set([absent, first, tlsVersion(settings)]).size).toBe(3);
  expect(tlsVersion(DEFAULT_SETTINGS)).toBe("");
});
