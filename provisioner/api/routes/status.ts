import { packageVersion } from "../../../core/runtime/version.ts";
import type { Host } from "../../host/host.ts";
import { listMachines } from "../../machines/machines.ts";
import { listTroubles } from "../../reconcile/troubles.ts";
import type { Desk } from "../../serve/desk.ts";
import type { Route } from "../route.ts";
import { reference } from "../schema.ts";

export interface StatusParts {
  readonly host: Host;
  readonly desk: Desk;
  /** What carries our label and no machine knows, a line each. */
  readonly orphans: () => readonly string[];
}

export interface Status {
  readonly version: string;
  readonly host: string;
  readonly store: string;
  readonly machines: number;
  /** Operations under way. */
  readonly running: number;
  readonly troubles: readonly { readonly name: string; readonly text: string }[];
  readonly orphans: readonly string[];
}

export function statusRoute({ host, desk, orphans }: StatusParts): Route {
  const { store, config } = host;
  return {
    ...{ method: "GET", path: "/v1/status", name: "showStatus" },
    summary: "Whose host this is, and what is not as it should be",
    answer: { status: 200, description: "the daemon", schema: reference("Status") },
    handle: async (): Promise<Status> => {
      const ours = (await listMachines(store)).filter((each) => each.host === config.name);
      const troubles = await listTroubles(store);
      return {
        ...{ version: packageVersion(), host: config.name, store: store.name },
        ...{ machines: ours.length, running: desk.runningCount, orphans: orphans() },
        troubles: ours.flatMap(({ machine: { id, name } }) => {
          const trouble = troubles.get(id);
          return trouble === undefined ? [] : [{ name, text: trouble.text }];
        }),
      };
    },
  };
}
