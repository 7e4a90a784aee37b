import { describe, expect, it } from "vitest";
import { parsePidStat, readPidStat } from "../../../../../core/kernel/proc/pid-stat.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

const AFTER_COMM = "S 5 6 7 0 -1 4194304 105 0 0 0 14 15 0 0 20 -5 3 0 75572 3133440 390";

describe("parsePidStat", () => {
  it("reads the fields by the documentation's numbers", () => {
    expect(parsePidStat(`6008 (cat) ${AFTER_COMM}\n`)).toEqual({
      pid: 6008,
      comm: "cat",
      state: "S",
      ppid: 5,
      userTicks: 14,
      systemTicks: 15,
      threads: 3,
      startTicks: 75_572,
      residentPages: 390,
    });
  });

  it.each(["npm start", "tmux: server", ") R 1 2 3 (", "((sd-pam))", "", "a)", "Web\\nContent"])(
    "counts from the last parenthesis: %j",
    (comm) => {
      expect(parsePidStat(`1 (${comm}) ${AFTER_COMM}\n`)).toMatchObject({ comm, startTicks: 75_572 });
    },
  );

  it.each([
    "",
    "\n",
    "1 cat S 5\n",
    "1 (cat)\n",
    `1 (cat) ${AFTER_COMM}`,
    "x (cat) S 1 2 3\n",
    "1 (cat) S 1\n",
    "1 (cat) ? 1 2\n",
  ])("refuses %j", (text) => expect(() => parsePidStat(text)).toThrow("PID/stat:1: "));
});

describe("readPidStat", () => {
  it("reads a process", () =>
    expect(readPidStat(fixtureHost("v2-nested-limits"), 1490)?.comm).toBe("npm start"));
  it("is undefined without the process", () => expect(readPidStat(tempHost({}), 1490)).toBeUndefined());
});
