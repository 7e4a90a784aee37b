import { describe, expect, it } from "vitest";
import { parseFileNr } from "../../../../../core/kernel/proc/file-nr.ts";

describe("parseFileNr", () => {
  it("reads the first and the last", () => {
    expect(parseFileNr("637\t0\t2466170\n")).toEqual({ allocated: 637, maximum: 2_466_170 });
  });

  it.each(["", "637\n", "x 0 1\n"])("refuses %j", (text) =>
    expect(() => parseFileNr(text)).toThrow("sys/fs/file-nr:1: "),
  );
});
