import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DeadLetters } from "../../../../collector/dead-letters/dead-letters.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const letter = { sink: "s", reason: "HTTP 400", samples: 2, body: Buffer.from("abc") };

test("a line each, for its owner alone; two files at most", async () => {
  const path = join(cleanup.temporaryFolder(), "new", "dead.ndjson");
  const letters = new DeadLetters(path, recordLog(), 200);
  await Promise.all([letters.add(letter, 0), letters.add(letter, 1)]);
  const [line = ""] = readFileSync(path, "utf8").split("\n");
  expect(JSON.parse(line)).toEqual({
    ...{ time: "1970-01-01T00:00:00.000Z", sink: "s", reason: "HTTP 400", samples: 2, body: "YWJj" },
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await letters.add(letter, 2);
  await letters.add({ ...letter, body: Buffer.alloc(1000) }, 3);
  expect(readFileSync(`${path}.1`, "utf8").split("\n")).toHaveLength(2);
  expect(statSync(path, { throwIfNoEntry: false })?.size ?? 0).toBeLessThanOrEqual(200);
});

test("without a path nothing is kept; where nothing can be written nobody is held up", async () => {
  await new DeadLetters(undefined, recordLog()).add(letter, 0);
  const log = recordLog();
  await new DeadLetters("/dev/null/dead", log).add(letter, 0);
  expect(log.lines[0]?.message).toBe("dead letter not kept");
  expect(existsSync("/dev/null/dead")).toBe(false);
});
