import { closeSync, openSync, readSync } from "node:fs";
import type { HostRoot } from "../../core/kernel/host-root.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Identity } from "./container.ts";
import type { Identifier } from "./identity.ts";

/** So many processes are known at once, each by an open file. */
const REMEMBERED_CALLERS = 1024;

interface Caller {
  readonly identity: Identity;
  readonly identifiedMs: number;
  /** /proc/PID/comm, kept from the second read on: of a process that is gone it cannot be read, whoever has its pid now. */
  readonly file: number | undefined;
}

/**
 * An Identifier that takes a caller's container for granted for `freshnessMs`, at the price of one system call: that it
 * is the same process still. What it could do meanwhile is leave its namespaces, and see what it saw before.
 */
export function openRecentCallers(
  identifier: Identifier,
  {
    root,
    clock,
    freshnessMs,
  }: { readonly root: HostRoot; readonly clock: Clock; readonly freshnessMs: number },
): Identifier {
  const callers = new BoundedMap<number, Caller>(REMEMBERED_CALLERS, {
    onGone: ({ file }) => {
      if (file !== undefined) closeSync(file);
    },
  });

  function identify(pid: number): Identity {
    const now = clock.monotonicMs();
    const known = callers.get(pid);
    const isSame = known?.file !== undefined && isThere(known.file);
    if (isSame && now - known.identifiedMs < freshnessMs) return known.identity;
    const identity = identifier.identify(pid);
    const caller = { identity, identifiedMs: now };
    if (isSame) callers.replace(pid, { ...caller, file: known.file });
    else callers.set(pid, { ...caller, file: known === undefined ? undefined : openComm(root, pid) });
    return identity;
  }

  return {
    identify,
    identifyCgroup: (cgroup) => identifier.identifyCgroup(cgroup),
    isAlive: (container) => identifier.isAlive(container),
  };
}

/** While its request is being answered the caller waits, so this is the process that has been identified. */
function openComm(root: HostRoot, pid: number): number | undefined {
  try {
    return openSync(root.proc(`${pid}/comm`), "r");
  } catch {
    return undefined; // killed meanwhile, or kept from us
  }
}

const scratch = Buffer.allocUnsafeSlow(64);

function isThere(comm: number): boolean {
  try {
    return readSync(comm, scratch, 0, scratch.length, 0) > 0;
  } catch {
    return false;
  }
}
