import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { HangGuard } from "../../../agent/hang-guard.ts";
import { KernelFiles, type Lanes } from "../../../agent/kernel-files.ts";
import { MountTable } from "../../../agent/mount-table.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function open(deadlineMs = 5000): {
  files: KernelFiles;
  guard: HangGuard;
  folder: string;
  clock: ManualClock;
  lanes: Lanes;
} {
  const clock = new ManualClock();
  const guard = new HangGuard({ clock: systemClock, slots: 2, deadlineMs });
  const mounts = new HangGuard({ clock: systemClock, slots: 1, deadlineMs });
  const lanes = { kernel: guard, mounts };
  const files = new KernelFiles(lanes, clock);
  cleanup.add("files", () => files.close());
  return { files, guard, folder: cleanup.temporaryFolder(), clock, lanes };
}

function descriptorsOf(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;
}

test("reads a kernel file by one kept descriptor, fresh each time", async () => {
  const { files } = open();
  const first = await files.read("/proc/uptime");
  expect(first).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
  await waitFor("another uptime", async () => (await files.read("/proc/uptime")) !== first);

  expect(descriptorsOf("/proc/uptime")).toBe(1);
  await files.close();
  expect(descriptorsOf("/proc/uptime")).toBe(0);
});

test("what nobody asks for any more is closed", async () => {
  const { files, folder, clock } = open();
  const [gone, kept] = [join(folder, "gone"), join(folder, "kept")];
  for (const path of [gone, kept]) {
    writeFileSync(path, "text");
    await files.read(path);
  }
  for (let minute = 0; minute <= 15; minute++) {
    await clock.advance(60_000);
    await files.read(kept);
  }

  await waitFor("the file to be closed", () => descriptorsOf(gone) === 0);
  expect(descriptorsOf(kept)).toBe(1);
});

test("a file of many pages is read whole, and shorter again when it shrinks", async () => {
  const { files, folder } = open();
  const path = join(folder, "long");
  const text = "0123456789".repeat(5000);
  writeFileSync(path, text);
  expect(await files.read(path)).toBe(text);
  writeFileSync(path, "short");

  expect(await files.read(path)).toBe("short");
});

test("a file that is not there is the system's error, and is found when it comes", async () => {
  const { files, folder } = open();
  const path = join(folder, "late");
  await expect(files.read(path)).rejects.toMatchObject({ code: "ENOENT" });
  writeFileSync(path, "here");

  expect(await files.read(path)).toBe("here");
});

test("what was put in a file's place is found within a minute", async () => {
  const { files, folder, clock } = open();
  const path = join(folder, "file");
  writeFileSync(path, "old");
  await files.read(path);
  writeFileSync(join(folder, "new"), "new");
  renameSync(join(folder, "new"), path);
  expect(await files.read(path)).toBe("old");
  await clock.advance(60_000);

  expect(await files.read(path)).toBe("new");
});

function lead(link: string, path: string): void {
  rmSync(link, { force: true });
  symlinkSync(path, link);
}

test("a kernel file's descriptor is kept until the mounts are others", async () => {
  const { folder, clock, lanes } = open();
  let table = "one mount\n";
  const files = new KernelFiles(lanes, clock, new MountTable(clock, () => table));
  cleanup.add("other files", () => files.close());
  const link = join(folder, "link");
  lead(link, "/proc/version");
  const version = await files.read(link);
  lead(link, "/proc/uptime");
  await clock.advance(3_600_000);
  expect(await files.read(link)).toBe(version);

  table += "another one\n";
  await clock.advance(60_000);
  expect(await files.read(link)).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
});

test("a kernel file that was opened while what covers it was gone does not stay", async () => {
  const { folder, clock, lanes } = open();
  const covered = "one mount\nanother one\n";
  let table = covered;
  const files = new KernelFiles(lanes, clock, new MountTable(clock, () => table));
  cleanup.add("other files", () => files.close());
  await files.read("/proc/loadavg");
  const link = join(folder, "link");
  await clock.advance(10_000);
  table = "one mount\n";
  lead(link, "/proc/version");
  await files.read(link);
  table = covered;
  lead(link, "/proc/uptime");
  await clock.advance(60_000);

  expect(await files.read(link)).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
});

test("a kernel file that fails is opened anew", async () => {
  const { files, folder } = open();
  const child = spawn("sleep", ["1000"]);
  const ended = once(child, "exit");
  const link = join(folder, "link");
  lead(link, `/proc/${child.pid}/stat`);
  expect(await files.read(link)).toContain("(sleep)");
  child.kill("SIGKILL");
  await ended;
  await expect(files.read(link)).rejects.toMatchObject({ code: "ESRCH" });
  lead(link, "/proc/uptime");

  expect(await files.read(link)).toMatch(/^\d+\.\d\d \d/);
});

test("a read that hangs costs its own path, for as long as it hangs", async () => {
  const { files, guard, folder } = open(1000);
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  await expect(files.read(fifo)).rejects.toMatchObject({ code: "STUCK" });
  await expect(files.read(fifo)).rejects.toThrow("has not been answered");
  expect(guard.stuck()).toEqual([fifo]);
  expect(await files.read("/proc/loadavg")).toMatch(/^\d/);

  closeSync(openSync(fifo, "w")); // The reader's open(2) returns.
  await waitFor("the fifo to come free", () => guard.stuck().length === 0);
});

test("a folder's names beside its space, and an ordinary file as it is now", async () => {
  const { files, folder } = open();
  const path = join(folder, "file");
  writeFileSync(path, "one");
  const [names] = await Promise.all([files.list(folder), files.statfs(folder, "others")]);
  expect(names).toEqual(["file"]);
  expect(await files.load(path)).toMatchObject({ text: "one", mtimeMs: expect.any(Number) });
  writeFileSync(join(folder, "new"), "two");
  renameSync(join(folder, "new"), path);

  expect((await files.load(path)).text).toBe("two");
  expect(descriptorsOf(path)).toBe(0);
  await expect(files.load(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(files.list(path)).rejects.toMatchObject({ code: "ENOTDIR" });
});

test("what hangs in one lane leaves the other free", async () => {
  const { files, folder, lanes } = open(1000);
  const server = new AbortController();
  const hanging = lanes.mounts.run("/mnt", () => once(server.signal, "abort"));
  await expect(hanging).rejects.toMatchObject({ code: "STUCK" });
  expect(files.stuck()).toEqual(["/mnt"]);
  await expect(files.statfs(folder, "others")).rejects.toThrow("every reader is stuck");
  for (const waitsFor of ["nobody", "disk"] as const) {
    expect(await files.statfs(folder, waitsFor)).toMatchObject({ bsize: expect.any(Number) });
  }
  expect(await files.read("/proc/loadavg")).toMatch(/^\d/);

  server.abort();
  await waitFor("the mount to come free", () => files.stuck().length === 0);
});

test("a fifo is no file: nobody is waited for", async () => {
  const { files, folder } = open(1000);
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);

  await expect(files.load(fifo)).rejects.toMatchObject({ code: "ESPIPE" });
  expect(files.stuck()).toEqual([]);
  expect(descriptorsOf(fifo)).toBe(0);
});

test("statfs gives blocks and inodes, or the system's error", async () => {
  const { files, folder } = open();

  for (const waitsFor of ["nobody", "disk", "others"] as const) {
    expect(await files.statfs(folder, waitsFor)).toMatchObject({
      bsize: expect.any(Number),
      ffree: expect.any(Number),
    });
    const none = files.statfs(join(folder, "none"), waitsFor);
    await expect(none).rejects.toMatchObject({ code: "ENOENT" });
  }
});
