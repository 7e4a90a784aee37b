import { describe, expect, test } from "vitest";
import { parseViewOptions, VIEW_KEYS, type ViewKey } from "../../../lxcfs-shim/parse-view-options.ts";
import { DEFAULT_VIEW_OPTIONS } from "../../../lxcfs-shim/view/view-options.ts";

const { exceptions: _, ...CHOICES } = DEFAULT_VIEW_OPTIONS;

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
    swap: "off",
    hostFiles: ["diskstats", "pressure/io"],
    exceptions: [],
  });
});

test("no file may be said, too", () => {
  expect(parse({ hostFiles: "" }).hostFiles).toEqual([]);
});

test.for(VIEW_KEYS)("a wrong %s is named", (key) => {
  expect(() => parse({ [key]: "wrong" })).toThrow(`--${key}: "wrong" is not a`);
});

describe("containers that are exceptions", () => {
  const parseContainers = (value: unknown) =>
    parseViewOptions((key) => (key === "swap" ? { option: "--swap", value: "memsw" } : undefined), {
      option: "configuration f: containers",
      value,
    });

  test("have the general choices but for what is said of them", () => {
    const { exceptions } = parseContainers({
      "/docker/*": { cpus: "cpuset", hostFiles: "diskstats" },
      "/lxc/**": { swap: "off", loadavg: false },
    });

    expect(exceptions).toEqual([
      {
        cgroup: "/docker/*",
        choices: { ...CHOICES, swap: "memsw", cpus: "cpuset", hostFiles: ["diskstats"] },
      },
      { cgroup: "/lxc/**", choices: { ...CHOICES, swap: "off", loadavg: false } },
    ]);
  });

  test.for<[unknown, string]>([
    ["/docker/*", "configuration f: containers must be a mapping"],
    [{ web: {} }, "configuration f: containers web is not the path of a cgroup"],
    [{ "/web": "cpuset" }, "configuration f: containers /web must be a mapping"],
    [{ "/web": { mount: "/x" } }, 'configuration f: containers /web: unknown option "mount"'],
    [{ "/web": { cpus: 2 } }, "configuration f: containers /web: cpus must be a text"],
    [{ "/web": { cpus: "few" } }, 'configuration f: containers /web: cpus: "few" is not a CPU policy'],
  ])("%j: %s", ([value, message]) => {
    expect(() => parseContainers(value)).toThrow(message);
  });
});
