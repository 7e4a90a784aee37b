import { describe, expect, it } from "vitest";
import { parseMountinfo, readMountinfo } from "../../../../../core/kernel/proc/mountinfo.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

describe("parseMountinfo", () => {
  it("reads the documentation's own example", () => {
    const text = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n";
    expect(parseMountinfo(text)).toEqual([
      {
        id: 36,
        parentId: 35,
        device: "98:0",
        root: "/mnt1",
        mountPoint: "/mnt2",
        options: ["rw", "noatime"],
        propagation: ["master:1"],
        type: "ext3",
        source: "/dev/root",
        superOptions: ["rw", "errors=continue"],
      },
    ]);
  });

  it("decodes octal escapes in what a user may name", () => {
    const [mount] = parseMountinfo("1 2 0:1 /a\\011b /c\\040d\\134e rw - tmpfs x\\043y rw\n");
    expect(mount).toMatchObject({ root: "/a\tb", mountPoint: "/c d\\e", source: "x#y" });
  });

  it.each([
    ["no propagation", "1 2 0:1 / / rw - tmpfs none rw", []],
    ["several", "1 2 0:1 / / rw shared:3 master:4 - tmpfs none rw", ["shared:3", "master:4"]],
  ])("%s", (_, line, propagation) => expect(parseMountinfo(`${line}\n`)).toMatchObject([{ propagation }]));

  it("takes an empty source for what it is", () => {
    expect(parseMountinfo("1 2 0:1 / /x rw - tmpfs  rw\n")).toMatchObject([
      { source: "", superOptions: ["rw"] },
    ]);
  });

  it("does not take a mount point called - for the separator", () => {
    expect(parseMountinfo("1 2 0:1 / - rw - tmpfs none rw\n")).toMatchObject([
      { mountPoint: "-", type: "tmpfs" },
    ]);
  });

  it.each(["1 2 0:1 / /x rw tmpfs none rw", "1 2 0:1 / /x rw - tmpfs", "x 2 0:1 / / rw - a b c", ""])(
    "refuses %j",
    (line) => expect(() => parseMountinfo(`${line}\n`)).toThrow("mountinfo:1: "),
  );
});

describe("readMountinfo", () => {
  it("reads its own by default", () => {
    const types = readMountinfo(fixtureHost("v1-hybrid"))?.map(({ type }) => type);
    expect(types).toContain("cgroup2");
  });

  it("reads a process'", () => {
    const host = tempHost({ "proc/7/mountinfo": "1 2 0:1 / / rw - tmpfs none rw\n" });
    expect(readMountinfo(host, 7)).toHaveLength(1);
  });

  it("is undefined without the process", () => expect(readMountinfo(tempHost({}), 7)).toBeUndefined());
});
