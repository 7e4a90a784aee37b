import { hostname, machine, release, type, version } from "node:os";
import { gauge, point } from "../metric.ts";
import { defineSource, readIfThere, type SourceKind } from "../source-kind.ts";

const INFO = gauge("node_uname_info", "Labeled system information as provided by the uname system call.");

export const uname: SourceKind = defineSource({
  name: "uname",
  describes: "kernel, architecture and host name",
  open: () => {
    const kernel = { sysname: type(), release: release(), version: version(), machine: machine() };
    return async ({ nowMs, read }) => {
      const domain = await readIfThere(read, "/proc/sys/kernel/domainname");
      // A container's name may be set while it runs.
      const labels = { ...kernel, nodename: hostname(), domainname: domain?.trim() ?? "(none)" };
      return [point(INFO, labels, 1, nowMs)];
    };
  },
});
