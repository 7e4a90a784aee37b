import { describe, expect, it } from "vitest";
import { parsePressure } from "../../../../../core/kernel/proc/pressure.ts";

describe("parsePressure", () => {
  const some = "some avg10=0.10 avg60=0.08 avg300=0.15 total=1500000\n";

  it("reads the totals", () => {
    const full = "full avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n";

    expect(parsePressure(some + full)).toEqual({ someSeconds: 1.5, fullSeconds: 0.25 });
    expect(parsePressure(some)).toEqual({ someSeconds: 1.5 });
  });

  it.each(["\n", "some avg10=0.10\n", "some total=x\n"])("refuses %j", (text) =>
    expect(() => parsePressure(text)).toThrow("pressure:1: "),
  );
});
