import { expect, test } from "vitest";
import { renderStatus, type ShimStatus } from "../../../../lxcfs-shim/operate/status.ts";

const status: ShimStatus = {
  version: "1.2.3",
  pid: 42,
  holder: { pid: 41, residentBytes: 2 * 2 ** 20 },
  mountPoint: "/var/lib/plimsoll/shim",
  connection: 53,
  protocol: "7.45",
  recovery: "resend",
  generation: 3,
  uptimeSeconds: 100,
  mountedSeconds: 90_000,
  freshnessMs: 100,
  residentBytes: 50 * 2 ** 20,
  mounts: 1,
  containers: 7,
  operations: {},
  files: { "proc/meminfo": { reads: 10, kept: 9, errors: 0, p50Us: 1.19, p99Us: 107.63 } },
};

test("facts, and a row for each file", () => {
  expect(renderStatus(status)).toBe(`/var/lib/plimsoll/shim
  version     1.2.3
  server      pid 42, 50.0 MiB, up 100 s
  holder      pid 41, 2.0 MiB
  generation  3, mounted 25 h ago
  kernel      FUSE 7.45, connection 53, recovery by resend
  freshness   100 ms
  mounts      1
  containers  7
  file                         reads      kept    errors    p50 µs    p99 µs
  proc/meminfo                    10         9         0      1.19    107.63
`);
});

test("without a holder, unread, for days", () => {
  const { holder: _, ...rest } = status;
  const text = renderStatus({ ...rest, uptimeSeconds: 600, mountedSeconds: 200_000, files: {} });

  expect(text).toContain("holder      none\n");
  expect(text).toContain("up 10 min\n");
  expect(text).toContain("mounted 2 d ago\n");
  expect(text).not.toContain("file");
});
