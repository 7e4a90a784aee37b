import type { FoundMachine } from "../machines/machines.ts";
import type { Store } from "../store/types.ts";
import { decodeBeat, HOSTS } from "./documents.ts";

/** What a host's daemon has said of its machines, and at which revision of the store. */
export interface Report {
  readonly running: ReadonlySet<string>;
  readonly revision: number;
}

/** By host, of those that report. */
export async function readReports(store: Store): Promise<ReadonlyMap<string, Report>> {
  if (!store.isShared) return new Map();
  const { entries } = await store.list(HOSTS);
  return new Map(
    entries
      .filter(({ key }) => key.endsWith("/beat"))
      .map((entry) => {
        const [, host = ""] = entry.key.split("/");
        return [host, { running: new Set(decodeBeat(store, entry).running), revision: entry.revision }];
      }),
  );
}

/** How a machine of another host is. One that was changed since its host reported is as the change has left it. */
export function reportedState(
  report: Report | undefined,
  { machine, revision = 0 }: Pick<FoundMachine, "machine"> & { readonly revision?: number | undefined },
): "running" | "stopped" | "unknown" {
  if (report === undefined) return "unknown";
  const isRunning = revision > report.revision ? machine.power === "on" : report.running.has(machine.id);
  return isRunning ? "running" : "stopped";
}
