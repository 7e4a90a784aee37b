import { afterEach, expect, test } from "vitest";
import type { Finding } from "../../../../core/runtime/finding.ts";
import { type DoctorContext, diagnose, hasRoom } from "../../../../lxcfs-shim/operate/doctor.ts";
import type { ShimStatus } from "../../../../lxcfs-shim/operate/status.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const shim = {
  mountPoint: "/m",
  connection: 53,
  generation: 2,
  holder: { pid: 1, residentBytes: 0 },
} as ShimStatus;

/** A host of cgroup v2 with these mounts, `mount point, type, minor`. */
function contextOf(
  mounts: readonly (readonly [string, string, number])[],
  changes: Partial<DoctorContext> = {},
): DoctorContext {
  const host = new FakeHost(cleanup.temporaryFolder());
  const lines = mounts.map(([at, type, minor]) => `1 1 0:${minor} / ${at} rw - ${type} source rw\n`);
  host.write("proc/self/mountinfo", lines.join(""));
  return {
    root: host.root,
    shims: { answering: [shim], silent: [] },
    probe: async () => "live",
    kernelRelease: "6.18.1",
    ...changes,
  };
}

const about = (findings: readonly Finding[], what: RegExp): Finding | undefined =>
  findings.find((finding) => what.test(finding.what));

test("a host where all is well has notes at most", async () => {
  const findings = await diagnose(contextOf([["/m", "fuse.plimsoll", 53]]));

  expect(about(findings, /kernel 6\.18\.1 hands out/)).toMatchObject({ state: "ok" });
  expect(about(findings, /cgroup v2 counts memory/)).toMatchObject({ state: "ok" });
  expect(about(findings, /^\/m is served, generation 2$/)).toMatchObject({ state: "ok" });
  expect(about(findings, /sysinfo\(2\)/)).toMatchObject({ state: "note" });
  expect(about(findings, /dead mount|LXCFS/)).toBeUndefined();
});

test("what is wrong comes with what to do", async () => {
  const mounts = [
    ["/m", "fuse.plimsoll", 53],
    ["/left", "fuse.plimsoll", 54],
    ["/var/lib/lxcfs", "fuse.lxcfs", 55],
  ] as const;
  const context = contextOf(mounts, { probe: async () => "stale", kernelRelease: "5.14.0" });
  const findings = await diagnose(context);

  expect(about(findings, /^\/m does not answer$/)).toMatchObject({
    state: "wrong",
    hint: expect.any(String),
  });
  expect(about(findings, /^\/left is a dead mount/)).toMatchObject({ state: "wrong" });
  expect(about(findings, /kernel 5\.14\.0 forgets/)).toMatchObject({ state: "note" });
  expect(about(findings, /LXCFS is mounted on \/var\/lib\/lxcfs/)).toMatchObject({ state: "note" });
});

test("no shim, and one without a holder", async () => {
  const { holder: _, ...alone } = shim;

  expect(
    about(await diagnose(contextOf([], { shims: { answering: [], silent: [] } })), /no shim runs/),
  ).toMatchObject({
    state: "note",
  });
  expect(
    about(await diagnose(contextOf([], { shims: { answering: [alone], silent: [] } })), /has no holder/),
  ).toMatchObject({
    state: "note",
  });
});

test("a holder without a server that answers; a mount that is nobody's and hangs", async () => {
  const mounts = [
    ["/m", "fuse.plimsoll", 53],
    ["/named", "fuse.plimsoll", 54],
    ["/hangs", "fuse.plimsoll", 55],
  ] as const;
  const named = { mountPoint: "/named", connection: 54 };
  const silent = { holder: 7, mountPoint: "/m", connection: 53, generation: 4, named };
  const context = contextOf(mounts, {
    shims: { answering: [], silent: [silent] },
    probe: async () => "silent",
  });
  const wrong = (await diagnose(context)).filter(({ state }) => state === "wrong");

  expect(about(wrong, /^\/m: no server answers/)?.hint).toMatch(/holder, pid 7, .* upgrade /);
  expect(about(wrong, /^\/hangs does not answer/)?.hint).toMatch(
    /^where nobody serves it: umount -l \/hangs/,
  );
  expect(about(wrong, /^\/named|no shim runs|dead mount/)).toBeUndefined();
});

test("a tmpfs without a limit is not full, and says 0 of everything", () => {
  expect(hasRoom({ blocks: 0, bavail: 0, bsize: 4096 })).toBe(true);
  expect(hasRoom({ blocks: 16_000, bavail: 2047, bsize: 4096 })).toBe(false);
  expect(hasRoom({ blocks: 16_000, bavail: 2048, bsize: 4096 })).toBe(true);
});

test("without the memory controller meminfo is the host's", async () => {
  const context = contextOf([]);
  const host = new FakeHost(cleanup.temporaryFolder());
  host.write("sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
  host.write("proc/self/mountinfo", "");
  const findings = await diagnose({ ...context, root: host.root });

  expect(about(findings, /without the memory controller/)).toMatchObject({ state: "wrong" });
});
