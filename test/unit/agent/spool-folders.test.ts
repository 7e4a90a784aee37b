import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { spoolFolder, sweepSpool } from "../../../agent/spool-folders.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { recordLog } from "../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a folder's name is readable, a file name, and another for another destination", () => {
  const names = [
    "influx+http://h:1/write",
    "influx+http://h:1/write/",
    `influx+http://${"x".repeat(200)}/`,
  ].map(spoolFolder);

  expect(names[0]).toMatch(/^influx_http_h_1_write-[0-9a-f]{8}$/);
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9._-]{1,90}$/);
});

test("what is left of destinations that are no more goes when all of it is too old, and only that", () => {
  const directory = cleanup.temporaryFolder();
  const nowMs = Date.now();
  const make = (folder: string, ageHours: number): string => {
    const path = join(directory, folder);
    const file = join(path, "corrupt", "1-0");
    mkdirSync(join(path, "corrupt"), { recursive: true });
    writeFileSync(file, "");
    const seconds = (nowMs - ageHours * 3_600_000) / 1000;
    for (const each of [file, join(path, "corrupt"), path]) utimesSync(each, seconds, seconds);
    return folder;
  };
  const [ours, old, young] = ["ours", "old", "young"].map(spoolFolder) as [string, string, string];
  make(ours, 100);
  make(old, 3);
  make(young, 1);
  make("not-a-spool", 100);
  const log = recordLog();
  sweepSpool(directory, ["ours"], 2 * 3_600_000, nowMs, log);

  expect(readdirSync(directory).sort()).toEqual([ours, young, "not-a-spool"].sort());
  expect(log.lines.map(({ level, fields }) => [level, fields.folders ?? fields.strangers])).toEqual([
    ["info", [old]],
    ["warn", ["not-a-spool", young].sort()],
  ]);
});
