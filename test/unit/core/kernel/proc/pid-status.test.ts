import { describe, expect, it } from "vitest";
import { parsePidStatus, readPidStatus } from "../../../../../core/kernel/proc/pid-status.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

const BASE = "Name:\tNSpid: 9\nState:\tD (disk sleep)\nTgid:\t6000\nPid:\t6008\nPPid:\t17\nThreads:\t4\n";

describe("parsePidStatus", () => {
  it("reads what it knows and is not fooled by the name", () => {
    expect(parsePidStatus(`${BASE}NSpid:\t6008\t17\t1\nFuture:\tx\nCpus_allowed_list:\t0-1,4\n`)).toEqual({
      tgid: 6000,
      state: "D",
      ppid: 17,
      threads: 4,
      nsPids: [6008, 17, 1],
      cpusAllowed: [0, 1, 4],
    });
  });

  it("knows one namespace on a kernel without namespaces, and all CPUs without SMP", () => {
    const status = parsePidStatus(BASE);
    expect(status.nsPids).toEqual([6008]);
    expect(status).not.toHaveProperty("cpusAllowed");
  });

  it.each([
    ["", "PID/status:1: ends too early"],
    [BASE.replace("D (disk sleep)", ""), 'PID/status:2: cannot parse "State:'],
    [BASE.replace("17", "x"), 'PID/status:5: cannot parse "PPid:'],
    [BASE.replace("Threads", "Fibres"), "PID/status:7: ends too early"],
    [`${BASE}NSpid:\t\n`, 'PID/status:7: cannot parse "NSpid:'],
    [`${BASE}Cpus_allowed_list:\t3-\n`, 'PID/status:7: cannot parse "3-"'],
  ])("refuses %j", (text, message) => expect(() => parsePidStatus(text)).toThrow(message));
});

describe("readPidStatus", () => {
  it("reads a container's init", () => {
    expect(readPidStatus(fixtureHost("many-cpu"), 70_112)).toMatchObject({ nsPids: [70_112, 1] });
  });

  it("is undefined without the process", () => expect(readPidStatus(tempHost({}), 1)).toBeUndefined());
});
