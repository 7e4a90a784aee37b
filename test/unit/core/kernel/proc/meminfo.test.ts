import { describe, expect, it } from "vitest";
import { parseMeminfo, readMeminfo } from "../../../../../core/kernel/proc/meminfo.ts";
import { fixtureHost, HOST_NAMES, tempHost } from "../hosts.ts";

describe("parseMeminfo", () => {
  it("turns kB into bytes and leaves counts alone", () => {
    const text = "MemTotal:       24684084 kB\nActive(anon):       1552 kB\nHugePages_Total:       3\n";
    expect([...parseMeminfo(text)]).toEqual([
      ["MemTotal", { value: 24_684_084 * 1024, unit: "bytes" }],
      ["Active(anon)", { value: 1552 * 1024, unit: "bytes" }],
      ["HugePages_Total", { value: 3, unit: "count" }],
    ]);
  });

  it("takes a line it does not know for what it is", () => {
    expect(parseMeminfo("Futuristic:  1 kB\n").get("Futuristic")?.value).toBe(1024);
  });

  it.each(["MemTotal 1 kB", "MemTotal: x kB", "MemTotal: 1 MB", "MemTotal: -1 kB", ""])(
    "refuses %j",
    (line) => {
      expect(() => parseMeminfo(`Buffers: 0 kB\n${line}\n`, "/proc/meminfo")).toThrow("/proc/meminfo:2: ");
    },
  );
});

describe("readMeminfo", () => {
  it.each(HOST_NAMES)("%s", (name) => {
    const meminfo = readMeminfo(fixtureHost(name));
    expect(meminfo?.get("MemTotal")?.unit).toBe("bytes");
    expect(meminfo?.get("MemTotal")?.value).toBeGreaterThan(meminfo?.get("MemFree")?.value ?? 0);
  });

  it("is undefined without the file", () => expect(readMeminfo(tempHost({}))).toBeUndefined());
});
