import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "vitest";
import { PATIENCE } from "./patience.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Why `testIf` or `describeIf` left it out; the closing line lists it. */
    skipReason?: string;
  }
}

/** Something a test needs of the machine; `reason` completes "skipped: ". Found out when first asked. */
export interface Condition {
  readonly reason: string;
  met(): boolean;
}

function condition(reason: string, find: () => boolean): Condition {
  let found: boolean | undefined;
  return {
    reason,
    met: () => {
      found ??= find();
      return found;
    },
  };
}

export const isRoot: Condition = condition("needs root", () => process.getuid?.() === 0);

export const hasFuse: Condition = condition("needs /dev/fuse", () => canAccess("/dev/fuse", constants.R_OK));

export const hasNfs: Condition = condition("needs the kernel's NFS client", () =>
  /\tnfs$/m.test(readFileSync("/proc/filesystems", "utf8")),
);

/** Which cgroup hierarchy has the memory controller. */
export const cgroupVersion: 1 | 2 = existsSync("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1;

export const canMakeCgroups: Condition = condition("needs cgroups that can be written to", () =>
  canAccess(cgroupVersion === 2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", constants.W_OK),
);

export const canUnshare: Condition = condition("needs mount, pid, network and cgroup namespaces", () =>
  succeeds("unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "true"),
);

/** What a shim takes, and containers out of unshare(1) that it serves. */
export const canServeContainers: readonly Condition[] = [isRoot, hasFuse, canMakeCgroups, canUnshare];

export const isGitCheckout: Condition = condition("needs a git checkout", () =>
  succeeds("git", "rev-parse", "--verify", "HEAD"),
);

/** The command is on PATH, or in an sbin folder. */
export function hasCommand(name: string): Condition {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return condition(`needs the command ${name}`, () =>
    folders.some((folder) => canAccess(join(folder, name), constants.X_OK)),
  );
}

/** What a Docker engine of a test's own takes. */
export const hasDocker: readonly Condition[] = ["dockerd", "docker", "runc"].map(hasCommand);

/** `testIf(isRoot, hasFuse)("name", async () => …)`: left out, with the first reason, where one is not met. */
export function testIf(
  ...conditions: readonly Condition[]
): (name: string, body: (context: TestContext) => unknown, timeoutMs?: number) => void {
  return (name, body, timeout) =>
    test(name, {
      ...skipOptions(conditions),
      ...(timeout === undefined ? {} : { timeout }),
    }, async (context) => {
      await body(context);
    });
}

/** The same for a suite; its hooks do not run either. */
export function describeIf(...conditions: readonly Condition[]): (name: string, body: () => void) => void {
  return (name, body) => describe(name, skipOptions(conditions), body);
}

function skipOptions(conditions: readonly Condition[]): { skip?: true; meta?: { skipReason: string } } {
  const unmet = conditions.find((each) => !each.met());
  return unmet === undefined ? {} : { skip: true, meta: { skipReason: unmet.reason } };
}

function canAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 10_000 * PATIENCE }).status === 0;
}
