import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCpuList, renderCpuList } from "../../../../core/kernel/cpu-list.ts";

describe("parseCpuList", () => {
  it.each([
    ["", []],
    ["\n", []],
    ["0", [0]],
    ["0-3,7\n", [0, 1, 2, 3, 7]],
    ["3,1-2", [1, 2, 3]],
    ["0-1,1-2", [0, 1, 2]],
  ])("%j", (text, ids) => expect(parseCpuList(text)).toEqual(ids));

  it.each(["-", "0-", "3-1", "a", "0,,1", "0-99999999999", "1 2"])("refuses %j", (text) => {
    expect(() => parseCpuList(text, "online")).toThrow(`online:1: cannot parse ${JSON.stringify(text)}`);
  });
});

describe("renderCpuList", () => {
  it.each([
    [[], ""],
    [[5], "5"],
    [[0, 1, 2, 3, 7], "0-3,7"],
    [[1, 2, 4, 5], "1-2,4-5"],
  ])("%j", (ids, text) => expect(renderCpuList(ids)).toBe(text));

  it("is undone by parseCpuList", () => {
    const ids = fc.uniqueArray(fc.nat(200)).map((ids) => ids.sort((a, b) => a - b));
    fc.assert(
      fc.property(ids, (ids) => {
        expect(parseCpuList(renderCpuList(ids))).toEqual(ids);
      }),
    );
  });
});
