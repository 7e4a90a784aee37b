import { expect, test } from "vitest";
import { FallbackLog } from "../../../../lxcfs-shim/file-system/fallback-log.ts";
import { recordLog } from "../../../support/record-log.ts";

test("says each cause once, whoever it concerns", () => {
  const log = recordLog();
  const fallbacks = new FallbackLog(log);
  const host = { state: "host", reason: "no memory cgroup" } as const;
  const partial = { state: "partial", fields: ["Slab"], reason: "not counted" } as const;
  for (const container of ["a", "b"]) {
    fallbacks.tell("meminfo", container, host);
    fallbacks.tell("meminfo", container, partial);
    fallbacks.tell("meminfo", container, { state: "virtual" });
    fallbacks.tell("swaps", container, host);
  }

  expect(log.lines.map(({ level, fields }) => [level, fields.file, fields.container])).toEqual([
    ["warn", "meminfo", "a"],
    ["info", "meminfo", "a"],
    ["warn", "swaps", "a"],
  ]);
});

test("a flood of causes ends", () => {
  const log = recordLog();
  const fallbacks = new FallbackLog(log);
  for (let cause = 0; cause < 1000; cause += 1) {
    fallbacks.tell("meminfo", "a", { state: "host", reason: `${cause}` });
  }

  expect(log.lines).toHaveLength(200);
});
