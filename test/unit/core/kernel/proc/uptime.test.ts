import { describe, expect, it } from "vitest";
import { parseUptime, readUptime } from "../../../../../core/kernel/proc/uptime.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

describe("parseUptime", () => {
  it("reads both numbers", () => {
    expect(parseUptime("755.73 1465.84\n")).toEqual({ uptimeSeconds: 755.73, idleSeconds: 1465.84 });
  });

  it.each(["", "\n", "755.73\n", "755.73 1465.84", "-1.00 2.00\n", "a b\n"])("refuses %j", (text) => {
    expect(() => parseUptime(text)).toThrow("uptime:1: ");
  });
});

describe("readUptime", () => {
  it("reads the host's", () => expect(readUptime(fixtureHost("v2-systemd"))?.uptimeSeconds).toBe(86_400.37));
  it("is undefined without the file", () => expect(readUptime(tempHost({}))).toBeUndefined());
});
