import { afterEach, expect, test } from "vitest";
import { packageVersion } from "../../../../core/runtime/version.ts";
import { ReadStatistics } from "../../../../lxcfs-shim/file-system/read-statistics.ts";
import { readOwnStatus } from "../../../../lxcfs-shim/operate/own-status.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("what it is, who holds it, how often it is mounted", () => {
  const host = new FakeHost(cleanup.temporaryFolder());
  const line = (at: string, minor: number): string =>
    `1 1 0:${minor} / ${at} rw - fuse.plimsoll plimsoll rw\n`;
  host.write("proc/self/mountinfo", line("/m", 53) + line("/elsewhere", 54) + line("/bound/meminfo", 53));
  host.write("proc/41/status", "Name:\tsh\nVmRSS:\t    1024 kB\n");
  const mount = {
    ...{ mountPoint: "/m", connection: 53, protocol: "7.31", resends: false, generation: 2 },
    mountedAtMs: Date.now() - 5000,
    readCounts: () => ({ read: { count: 3, errors: 0 } }),
  };
  const common = { root: host.root, mount, freshnessMs: 100, statistics: new ReadStatistics([]) };
  const status = readOwnStatus({ ...common, holder: 41 });

  expect(status).toMatchObject({
    version: packageVersion(),
    pid: process.pid,
    holder: { pid: 41, residentBytes: 2 ** 20 },
    recovery: "record",
    generation: 2,
    mounts: 2,
    containers: 0,
    residentBytes: 0,
    operations: { read: { count: 3, errors: 0 } },
  });
  expect(status.mountedSeconds).toBeGreaterThanOrEqual(5);
  expect(readOwnStatus({ ...common, holder: undefined })).not.toHaveProperty("holder");
});
