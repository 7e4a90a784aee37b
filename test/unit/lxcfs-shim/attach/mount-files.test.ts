import { afterAll, expect, test } from "vitest";
import { parseMountinfo } from "../../../../core/kernel/proc/mountinfo.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { openContainerProcess, readHostMounts } from "../../../../lxcfs-shim/attach/container-process.ts";
import { placedFiles, placeFiles, takeFiles } from "../../../../lxcfs-shim/attach/mount-files.ts";
import { AttachHost, containerMountinfo } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const host = new AttachHost(cleanup.temporaryFolder());

function openWith(...mounts: readonly string[]) {
  host.inside(10, {}, containerMountinfo(...mounts));
  const held = openContainerProcess(host.root, 10, readHostMounts(host.root));
  cleanup.add("process", () => held.close());
  return held;
}

/** A plimsoll-mounts that says `stdout`; `asked` is what it was asked. */
function says(stdout: string) {
  const asked: (readonly string[])[] = [];
  const run: Exec = async ([command = "", program = "", ...args], { descriptors = [] } = {}) => {
    asked.push([command, program.replace(/.*\/bin\//, "bin/"), ...args, `${descriptors.length} descriptor`]);
    return { stdout, stderr: "", code: 0 };
  };
  return { asked, run };
}

const OURS = "ro,nosuid,nodev,noexec,noatime";
const placed = (id: number, parent: number, path: string): string =>
  `${id} ${parent} 0:60 ${path} ${path} ${OURS} - fuse.plimsoll plimsoll rw`;

test("what became of each file", async () => {
  const lines = ["placed /proc/meminfo", "covered /proc/stat", "failed /proc/uptime: Permission denied"];
  const { asked, run } = says(`${lines.join("\n")}\n`);

  expect(await placeFiles(openWith(), "/srv/shim", "place", run)).toEqual([
    { path: "/proc/meminfo", outcome: "placed" },
    { path: "/proc/stat", outcome: "covered" },
    { path: "/proc/uptime", outcome: "failed", why: "Permission denied" },
  ]);
  expect(asked).toEqual([["perl", "bin/plimsoll-mounts", "place", "/srv/shim", "1 descriptor"]]);
});

test("taken is what was placed, and nothing of whoever made the container", async () => {
  const { asked, run } = says("taken /proc/uptime\ntaken /proc/meminfo\n");
  const held = openWith(
    placed(110, 101, "/proc/meminfo"),
    "111 101 0:60 /proc/stat /proc/stat ro,relatime - fuse.plimsoll plimsoll rw",
    placed(112, 101, "/proc/uptime"),
    placed(113, 101, "/proc/swaps"),
    "114 113 0:61 / /proc/swaps rw - tmpfs tmpfs rw",
  );

  await takeFiles(held, run);

  expect(asked[0]?.slice(2, -1)).toEqual(["take", "/proc/uptime", "/proc/meminfo"]);
});

test("one that covers a dead one of ours is taken first", () => {
  const mounts = containerMountinfo(placed(110, 101, "/proc/stat"), placed(111, 110, "/proc/stat"));

  expect(placedFiles(parseMountinfo(mounts))).toEqual(["/proc/stat", "/proc/stat"]);
});

test("nothing to take: nothing is run", async () => {
  const { asked, run } = says("");

  expect(await takeFiles(openWith(), run)).toEqual([]);
  expect(asked).toEqual([]);
});

test.for([
  ["perl: command not found", "install perl-base"],
  ["plimsoll-mounts: SIGALRM", "does not answer"],
] as const)("%s: what to do about it", async ([message, hint]) => {
  const run: Exec = () => Promise.reject(new PlimsollError("EXEC", message));

  await expect(placeFiles(openWith(), "/srv/shim", "place", run)).rejects.toThrow(
    expect.objectContaining({ code: "ATTACH", hint: expect.stringContaining(hint) }),
  );
});

test("a process that ended meanwhile", async () => {
  const run: Exec = () =>
    Promise.reject(new PlimsollError("EXEC", "plimsoll-mounts: plimsoll-mounts: process: No such process"));

  await expect(placeFiles(openWith(), "/srv/shim", "place", run)).rejects.toThrow(
    expect.objectContaining({ code: "NOT_FOUND", message: "process 10: it has ended" }),
  );
});

test("words nobody knows are no success", async () => {
  await expect(placeFiles(openWith(), "/srv/shim", "place", says("done /proc/stat\n").run)).rejects.toThrow(
    'plimsoll-mounts says "done /proc/stat"',
  );
});
