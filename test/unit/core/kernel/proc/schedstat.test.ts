import { describe, expect, it } from "vitest";
import { parseSchedstat } from "../../../../../core/kernel/proc/schedstat.ts";

describe("parseSchedstat", () => {
  it("reads the CPUs and skips the rest", () => {
    const text = "version 15\ncpu2 0 0 0 0 0 0 2500000000 500000000 86\ndomain0 3 0\n";

    expect(parseSchedstat(text)).toEqual([
      { cpu: 2, runningSeconds: 2.5, waitingSeconds: 0.5, timeslices: 86 },
    ]);
  });

  it.each(["cpu0 1\n", "cpu0x 0 0 0 0 0 0 1 2 3\n"])("refuses %j", (text) =>
    expect(() => parseSchedstat(text)).toThrow("schedstat:1: "),
  );
});
