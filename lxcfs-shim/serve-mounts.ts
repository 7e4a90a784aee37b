import { NotFoundError } from "../core/runtime/errors.ts";
import { type ServedMount, type ServeMountOptions, serveMount } from "./serve-mount.ts";
import { readInheritance } from "./succession/inheritance.ts";
import { openNotebook } from "./succession/notebook.ts";

/** All of one mount but what is told when it is served. */
export type MountOptions = Omit<ServeMountOptions, "onReady">;

/**
 * Serves mounts side by side, each from a thread of its own, until `signal` aborts or one of them ends: none goes on
 * without the others. `onReady` is called once, when the first reader of each would be answered.
 */
export async function serveMounts(
  mounts: readonly MountOptions[],
  onReady: (served: readonly ServedMount[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const others = new AbortController();
  const until = AbortSignal.any([signal, others.signal]);
  const served = new Map<MountOptions, ServedMount>();
  const ends = mounts.map(async (mount) => {
    const onServed = async (one: ServedMount): Promise<void> => {
      served.set(mount, one);
      const all = mounts.flatMap((each) => served.get(each) ?? []);
      if (all.length === mounts.length) await onReady(all);
    };
    try {
      await serveMount({ ...mount, onReady: onServed }, until);
    } catch (error) {
      if (mounts.length > 1 && !until.aborted && hasSuccessor(mounts, error)) leaveToHolder(mount, error);
      others.abort();
      throw error;
    }
  });
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/** A holder starts another server for what was ever served, unless it was taken away. */
function hasSuccessor(mounts: readonly MountOptions[], error: unknown): boolean {
  if (error instanceof NotFoundError) return false;
  return mounts.some(({ held }) => held && readInheritance(openNotebook(held.books)) !== undefined);
}

/** Ends, and leaves all the mounts as they are. Other threads may be in system calls, and would keep us alive. */
function leaveToHolder({ log }: MountOptions, error: unknown): void {
  log.error({ err: error }, "server ends");
  process.kill(process.pid, "SIGABRT");
}
