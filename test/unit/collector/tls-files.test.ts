import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTlsFiles } from "../../../collector/tls-files.ts";
import { Cleanup } from "../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("those that are given, as they are; one that is not there is named", () => {
  const ca = join(cleanup.temporaryFolder(), "ca.pem");
  writeFileSync(ca, "pem");
  expect(readTlsFiles({ ca, bearerTokenFile: "/none" })).toEqual({ ca: Buffer.from("pem") });
  expect(readTlsFiles({})).toEqual({});
  expect(() => readTlsFiles({ ca, key: "/none/key.pem" })).toThrow("key /none/key.pem: cannot be read");
});
