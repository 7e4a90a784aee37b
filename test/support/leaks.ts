import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, expect } from "vitest";
import type { Cleanup } from "./cleanup.ts";
import { PATIENCE } from "./patience.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What our programs may leave behind on a host, each as lines that tell it from the others. */
export interface HostSnapshot {
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly networkNamespaces: readonly string[];
  readonly links: readonly string[];
  readonly processes: readonly string[];
}

/** The host as it stands before a test. Only mounts, and what carries our name, is looked at. */
export function snapshotHost(): HostSnapshot {
  return {
    mounts: readMounts(),
    cgroups: readCgroups("/sys/fs/cgroup", 5),
    networkNamespaces: names("/run/netns"),
    links: names("/sys/class/net").filter((name) => name.startsWith("plim")),
    processes: names("/proc").flatMap(readOurProcess),
  };
}

/** For a suite: after each of its tests, with everything taken back, the host is as it was before the first. */
export function leavesNothing(cleanup: Cleanup): void {
  let before: HostSnapshot;
  beforeAll(() => {
    before = snapshotHost();
  });
  afterEach(async () => {
    await cleanup.run();
    await expectNothingLeft(before);
  });
}

/** Fails, naming them, if things that were not there `before` still are; the kernel is given a few seconds. */
export async function expectNothingLeft(before: HostSnapshot, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs * PATIENCE;
  for (;;) {
    const left = difference(snapshotHost(), before);
    if (Object.values(left).every((items) => items.length === 0)) return;
    if (performance.now() > deadline) {
      expect(left).toEqual(difference(before, before));
      return;
    }
    await sleep(50);
  }
}

function difference(after: HostSnapshot, before: HostSnapshot): HostSnapshot {
  const added = (kind: keyof HostSnapshot): readonly string[] =>
    after[kind].filter((item) => !before[kind].includes(item));
  return {
    mounts: added("mounts"),
    cgroups: added("cgroups"),
    networkNamespaces: added("networkNamespaces"),
    links: added("links"),
    processes: added("processes"),
  };
}

/**
 * `mount id, mount point, file system type` of each line of mountinfo (proc_pid_mountinfo(5)). The first
 * `ip netns add` since boot binds /run/netns to itself, and leaves that for the next one.
 */
function readMounts(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => {
    const [fields = "", source = ""] = line.split(" - ");
    const [id, , , , mountPoint] = fields.split(" ");
    return mountPoint === "/run/netns" ? [] : [`${id} ${mountPoint} ${source.split(" ")[0]}`];
  });
}

/** Cgroups named plimsoll…, in any hierarchy. */
function readCgroups(folder: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  return list(folder)
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(folder, name);
      return [...(name.startsWith("plimsoll") ? [path] : []), ...readCgroups(path, depth - 1)];
    });
}

/** This checkout's programs, on the host and as a container sees them; another checkout's are not this test's. */
const OUR_PROGRAM = new RegExp(
  `(?<=^| )(${ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(bin/\\.\\./)?|/opt/plimsoll/(bin/\\.\\./)?)dist/((agent|collector|lxcfs-shim|provisioner)/main\\.c?js|plimsoll-agent\\.cjs)`,
);

/** `pid start-time command` of a process that runs one of our programs; nothing for any other. */
function readOurProcess(pid: string): readonly string[] {
  if (!/^\d+$/.test(pid)) return [];
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    if (!OUR_PROGRAM.test(command)) return [];
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return [`${pid} ${startTime} ${command}`];
  } catch {
    return []; // it has ended meanwhile
  }
}

/** A folder that is absent, or vanishes while it is read, has no entries. */
function list(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function names(folder: string): readonly string[] {
  return list(folder).map(({ name }) => name);
}
