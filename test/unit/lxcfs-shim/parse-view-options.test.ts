import { expect, test } from "vitest";
import { parseViewOptions, VIEW_KEYS, type ViewKey } from "../../../lxcfs-shim/parse-view-options.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../lxcfs-shim/view/view-options.ts";

function parse(values: Partial<Record<ViewKey, string>>) {
  return parseViewOptions((key) => {
    const value = values[key];
    return value === undefined ? undefined : { option: `--${key}`, value };
  });
}

test("without any they are the defaults", () => {
  expect(parse({})).toEqual(DEFAULT_VIEW_OPTIONS);
});

test("each has its own say", () => {
  const hostFiles = "diskstats, pressure/io";

  expect(parse({ cpus: "quota", possibleCpus: "visible", loadavg: "off", swap: "off", hostFiles })).toEqual({
    cpus: "quota",
    possibleCpus: "visible",
    loadavg: false,
    swap: false,
    hostFiles: ["diskstats", "pressure/io"],
  });
});

test.for(VIEW_KEYS)("a wrong %s is named", (key) => {
  expect(() => parse({ [key]: "wrong" })).toThrow(`--${key}: "wrong" is not a`);
});
