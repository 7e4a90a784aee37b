import { once } from "node:events";
import { existsSync } from "node:fs";
import type { HostRoot } from "../core/kernel/host-root.ts";
import { UsageError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { FileSystem } from "./fuse/operation.ts";
import { unmount } from "./mount.ts";
import { prepareMountPoint } from "./mount-point.ts";
import { OncePerCause } from "./session/once-per-cause.ts";
import { openPathFileSystem } from "./transport/by-path.ts";
import { mountFuseNative } from "./transport/fuse-native.ts";

export interface ServeNativeOptions {
  readonly root: HostRoot;
  readonly directory: string;
  readonly fileSystem: FileSystem;
  /** Whose view everybody gets: libfuse does not tell who asks. */
  readonly containerPid: number;
  readonly log: Logger;
  onReady(mountPoint: string): void | Promise<void>;
}

/** Serves one container's files through libfuse 2, on this thread, until `signal` aborts. */
export async function serveNative(options: ServeNativeOptions, signal: AbortSignal): Promise<void> {
  const { root, directory, fileSystem, containerPid, log, onReady } = options;
  if (!existsSync(root.proc(`${containerPid}`)))
    throw new UsageError(`--container-pid: no process ${containerPid}`);
  const mountPoint = await prepareMountPoint(root, directory, log);
  const failures = new OncePerCause(log);
  const caller = { pid: containerPid, uid: 0, gid: 0 };
  const byPath = openPathFileSystem(fileSystem, caller, (operation, error) => {
    failures.report(`${operation.kind}: ${error}`, { operation, err: error }, "operation failed");
  });
  const mount = await mountFuseNative(mountPoint, byPath, unmount);
  try {
    await onReady(mountPoint);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await mount.unmount();
  }
}
