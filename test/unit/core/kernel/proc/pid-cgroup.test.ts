import { describe, expect, it } from "vitest";
import { parsePidCgroup, readPidCgroup } from "../../../../../core/kernel/proc/pid-cgroup.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

describe("parsePidCgroup", () => {
  it.each([
    ["v2", "0::/system.slice/web.service\n", "/system.slice/web.service", {}],
    ["v1", "4:memory:/docker/4f\n3:pids:/\n", undefined, { memory: "/docker/4f", pids: "/" }],
    ["co-mounted", "4:cpu,cpuacct:/a\n0::/\n", "/", { cpu: "/a", cpuacct: "/a" }],
    ["a named hierarchy is left out", "9:name=systemd:/user.slice\n0::/\n", "/", {}],
    ["colons in the path", "4:memory:/a:b::c\n", undefined, { memory: "/a:b::c" }],
    ["above the namespace's root", "0::/../other\n", "/../other", {}],
    ["an empty file", "", undefined, {}],
  ])("%s", (_, text, unified, controllers) => {
    expect(parsePidCgroup(text)).toEqual({ unified, controllers: new Map(Object.entries(controllers)) });
  });

  it.each(["0::", "memory:/a", "x:memory:/a", "4:memory:a", ""])("refuses %j", (line) => {
    expect(() => parsePidCgroup(`0::/\n${line}\n`)).toThrow("PID/cgroup:2: ");
  });
});

describe("readPidCgroup", () => {
  it("reads a process", () => {
    const path = readPidCgroup(fixtureHost("v1-hybrid"), 16_648);
    expect(path?.unified).toBe("/plimsoll/web");
    expect(path?.controllers.get("memory")).toBe("/plimsoll/web/worker");
  });

  it("is undefined without the process", () => expect(readPidCgroup(tempHost({}), "self")).toBeUndefined());
});
