import { type Mount, parseMountinfo } from "../../core/kernel/proc/mountinfo.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { gauge, point } from "../metric.ts";
import { rememberLast } from "../remember.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const VIRTUAL = gauge(
  "plimsoll_proc_virtual",
  "Whether the file says what the container has (1) or what its host has (0).",
);

/** What the agent reads of the files that the shim has. */
const FILES = ["diskstats", "loadavg", "meminfo", "stat", "uptime", "vmstat"].map((name) => `/proc/${name}`);

/** `hidden`: the container's own files are there, below another /proc that was mounted over them. */
type State = "own" | "hidden" | "host";

interface View {
  readonly state: State;
  readonly virtual: ReadonlySet<string>;
}

/**
 * Looks whether a file system in user space is still over the files of /proc: systemd mounts a fresh /proc for
 * a unit with ProtectProc, ProtectKernelTunables and their like, and the figures silently become the host's.
 */
export const virtualProc: SourceKind = defineSource({
  name: "virtual_proc",
  describes: "whether /proc is the container's own (`plimsoll_proc_virtual`)",
  open: (_, { log }) => {
    const look = rememberLast((text) => viewOf(parseMountinfo(text, "/proc/self/mountinfo")));
    let before: State | undefined;
    return async ({ nowMs, read }) => {
      const { state, virtual } = look(await read("/proc/self/mountinfo"));
      if (state !== before) report(state, before, virtual, log);
      before = state;
      return FILES.map((file) => point(VIRTUAL, { file }, virtual.has(file) ? 1 : 0, nowMs));
    };
  },
});

function viewOf(mounts: readonly Mount[]): View {
  const isOwn = ({ type, mountPoint }: Mount): boolean =>
    /^fuse(\.|$)/.test(type) && FILES.includes(mountPoint);
  const top = mounts.findLast(({ mountPoint }) => mountPoint === "/proc")?.id;
  const own = mounts.filter(isOwn);
  const virtual = new Set(own.filter(({ parentId }) => parentId === top).map(({ mountPoint }) => mountPoint));
  if (virtual.size > 0) return { state: "own", virtual };
  return { state: own.length > 0 ? "hidden" : "host", virtual };
}

function report(state: State, before: State | undefined, virtual: ReadonlySet<string>, log: Logger): void {
  if (state === "own") log.info({ files: [...virtual] }, "these files of /proc are the container's own");
  else if (state === "hidden") {
    const hint = "systemd's ProtectProc, ProtectKernelTunables and the like mount a fresh /proc";
    log.warn({ hint }, "another /proc hides the container's own: what is pushed is the host's");
  } else if (before !== undefined) log.warn({}, "/proc is no longer the container's own but the host's");
}
