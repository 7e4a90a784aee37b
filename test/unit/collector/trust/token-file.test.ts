import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  coversEverything,
  isCovered,
  openTokenFile,
  parseTokens,
} from "../../../../collector/trust/token-file.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const [A, B, ALL] = ["a".repeat(16), "b".repeat(16), "c".repeat(16)];

test("a token speaks for an address, for several, for a network, for everything", () => {
  const tokens = parseTokens(
    "f",
    `${A} 10.0.0.7 # web\n\n${A}\tfd00::7\n${B} 10.0.4.0/24\n# none\n${ALL} *\n`,
  );
  const covered = (token: string, ...addresses: string[]): boolean[] =>
    addresses.map((address) => isCovered(tokens, token, address));
  expect(covered(A, "10.0.0.7", "fd00::7", "10.0.0.8", "10.0.4.1")).toEqual([true, true, false, false]);
  expect(covered(B, "10.0.4.1", "10.0.4.255", "10.0.5.1", "fd00::7")).toEqual([true, true, false, false]);
  expect(covered(ALL, "10.0.0.7", "2001:db8::1")).toEqual([true, true]);
  expect(covered("d".repeat(16), "10.0.0.7")).toEqual([false]);
  expect([A, ALL, ""].map((token) => coversEverything(tokens, token))).toEqual([false, true, false]);
});

test.for([
  [A, "f:1: expected a token and an address"],
  [`\n${A} 10.0.0.1 10.0.0.2`, "f:2: expected a token and an address"],
  ["short 10.0.0.1", "f:1: a token has at least 16 characters"],
  [`${A} web-7`, 'f:1: "web-7" is not an address'],
  [`${A} 10.0.0.0/33`, 'f:1: "10.0.0.0/33" is not an address'],
  [`${A} 10.0.0.0/`, 'f:1: "10.0.0.0/" is not an address'],
  [`${A} 10.0.0.0/8/8`, 'f:1: "10.0.0.0/8/8" is not an address'],
])("%j: %s", ([text = "", message = ""]) => {
  expect(() => parseTokens("f", text)).toThrow(message);
});

test("a changed file is in force within a second; a broken one is not", async () => {
  const [clock, log] = [new ManualClock(), recordLog()];
  const path = join(cleanup.temporaryFolder(), "tokens");
  expect(() => openTokenFile(path, clock, log)).toThrow(`token file ${path}: cannot be read`);
  writeFileSync(path, `${A} *\n`);
  const tokens = openTokenFile(path, clock, log);
  writeFileSync(path, `${A} *\n${B} *\n`);
  expect(tokens().size).toBe(1);
  await clock.advance(1000);
  expect(tokens().size).toBe(2);
  writeFileSync(path, "broken");
  await clock.advance(1000);
  expect(tokens().size).toBe(2);
  expect(log.lines.map(({ message }) => message)).toEqual([
    "token file read again",
    "token file not taken, the former one is in force",
  ]);
});
