import { describe, expect, it } from "vitest";
import { parseLoadavg, readLoadavg } from "../../../../../core/kernel/proc/loadavg.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

describe("parseLoadavg", () => {
  it("reads the line", () => {
    expect(parseLoadavg("0.20 0.18 12.00 1/80 11206\n")).toEqual({
      load1: 0.2,
      load5: 0.18,
      load15: 12,
      running: 1,
      threads: 80,
      lastPid: 11_206,
    });
  });

  it.each(["", "\n", "0.20 0.18 0.12 1/80\n", "0.20 0.18 0.12 1 80 1\n", "x 0.18 0.12 1/80 1\n"])(
    "refuses %j",
    (text) => expect(() => parseLoadavg(text)).toThrow("loadavg:1: "),
  );
});

describe("readLoadavg", () => {
  it("reads the host's", () => expect(readLoadavg(fixtureHost("many-cpu"))?.load1).toBe(41.2));
  it("is undefined without the file", () => expect(readLoadavg(tempHost({}))).toBeUndefined());
});
