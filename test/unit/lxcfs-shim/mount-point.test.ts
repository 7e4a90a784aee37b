import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHostRoot } from "../../../core/kernel/host-root.ts";
import { errorLine } from "../../../core/runtime/errors.ts";
import { findMount, prepareMountPoint } from "../../../lxcfs-shim/mount-point.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { recordLog } from "../../support/record-log.ts";

const cleanup = new Cleanup();
let folder = "";

beforeEach(() => {
  folder = realpathSync(cleanup.temporaryFolder());
  mountinfo();
});

afterEach(() => cleanup.run());

/** The host's table of mounts: a mount point and a type each. */
function mountinfo(...mounts: readonly (readonly [mountPoint: string, type: string])[]): void {
  mkdirSync(join(folder, "host/proc/self"), { recursive: true });
  const lines = mounts.map(([at, type], id) => `${id} 1 0:${40 + id} / ${at} rw - ${type} source rw\n`);
  writeFileSync(join(folder, "host/proc/self/mountinfo"), lines.join(""));
}

function prepare(directory: string): Promise<string> {
  return prepareMountPoint(openHostRoot(join(folder, "host")), directory, recordLog());
}

const refusal = (directory: string): Promise<string> => prepare(directory).then(() => "accepted", errorLine);

test("a directory is made with those above it, and found as it is", async () => {
  const directory = join(folder, "a/b/c");

  expect(await prepare(directory)).toBe(directory);
  expect(existsSync(directory)).toBe(true);
  expect(await prepare(`${directory}/`)).toBe(directory);
});

test("symbolic links are followed: the kernel's table of mounts does not know them", async () => {
  mkdirSync(join(folder, "real/mount"), { recursive: true });
  symlinkSync(join(folder, "real"), join(folder, "above"));
  symlinkSync(join(folder, "real/mount"), join(folder, "itself"));

  expect(await prepare(join(folder, "above/mount"))).toBe(join(folder, "real/mount"));
  expect(await prepare(join(folder, "itself"))).toBe(join(folder, "real/mount"));
});

test("what must not be covered is refused in one line", async () => {
  mkdirSync(join(folder, "full/of"), { recursive: true });
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "taken"));
  mountinfo(["/", "ext4"], [join(folder, "taken"), "tmpfs"]);
  symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));

  expect(await refusal(join(folder, "full"))).toBe(
    `mount point ${folder}/full: not empty (hint: choose an empty directory)`,
  );
  expect(await refusal(join(folder, "file"))).toBe(`mount point ${folder}/file: not a directory`);
  expect(await refusal(join(folder, "file/below"))).toBe(`mount point ${folder}/file/below: not a directory`);
  expect(await refusal(join(folder, "taken"))).toBe(
    `mount point ${folder}/taken: tmpfs is mounted there (hint: choose an empty directory)`,
  );
  expect(await refusal(join(folder, "dangling"))).toBe(
    `mount point ${folder}/dangling: cannot be used: ENOENT: no such file or directory, stat '${folder}/dangling'`,
  );
});

test("where no directory can be made, that is said", async () => {
  expect(await refusal("/proc/plimsoll/mount")).toMatch(
    /^mount point \/proc\/plimsoll\/mount: cannot be used: ENOENT/,
  );
});

test("of several mounts on one point the uppermost counts", () => {
  mountinfo(["/a", "tmpfs"], ["/a", "fuse.plimsoll"], ["/a/b", "proc"]);
  const root = openHostRoot(join(folder, "host"));

  expect(findMount(root, "/a")).toMatchObject({ type: "fuse.plimsoll", device: "0:41" });
  expect(findMount(root, "/")).toBeUndefined();
});
