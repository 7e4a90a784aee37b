import type { HostOperator } from "../ct/operator.ts";
import type { NewEvent } from "../events/event-log.ts";
import { observeWanted } from "../executors/observe.ts";
import { isFenced } from "../fleet/orders.ts";
import { machineKey } from "../machines/documents.ts";
import { decodeFound, type FoundMachine, listMachines } from "../machines/machines.ts";
import type { Watcher } from "../operations/run.ts";
import { planMachine } from "../plan/plan.ts";
import type { Machine } from "../resources/types.ts";
import type { Step } from "../step/steps.ts";
import { listTroubles, removeTrouble, writeTrouble } from "./troubles.ts";

/** What a reconciler may ask and do; a test has a host of plain data. */
export interface Keeper {
  /** Ids of this host's machines. */
  list(): Promise<readonly string[]>;
  /** Undefined for one that is gone, another host's, busy with an operation, or while this host is fenced. */
  find(id: string): Promise<Machine | undefined>;
  /** What would have to be done. */
  plan(machine: Machine): Promise<readonly Step[]>;
  /** Has it done; what is wrong when that was in vain. */
  repair(machine: Machine): Promise<string | undefined>;
  /** Undefined: it is over. */
  tellTrouble(id: string, name: string, text: string | undefined): Promise<void>;
  /** Ids of machines that are said to be in trouble. */
  listTroubled(): Promise<readonly string[]>;
}

const SILENT: Watcher = { begin: () => {}, done: () => {} };
/** A repair that has begun is ended, whatever is asked of the daemon. */
const NEVER: AbortSignal = new AbortController().signal;

/** The machines of a real host. */
export function keeperOf(operator: HostOperator): Keeper {
  const { host, events } = operator;
  const { store, clock, config } = host;
  const isOurs = (found: FoundMachine): boolean => found.host === config.name;
  return {
    list: async () => (await listMachines(store)).filter(isOurs).map(({ machine }) => machine.id),
    find: async (id) => {
      const entry = await store.get(machineKey(id));
      const found = entry && decodeFound(store, entry);
      if (await isFenced(store, config.name)) return undefined;
      return found !== undefined && isOurs(found) && found.busy === undefined ? found.machine : undefined;
    },
    plan: async (machine) => planMachine(await observeWanted(host, machine), machine),
    repair: async ({ name }) => {
      const operation = await operator.begin({ kind: "repair", names: [name] });
      const [ending] = await operator.run(operation, SILENT, NEVER);
      return ending === undefined || ending.state === "done"
        ? undefined
        : (ending.track.error ?? ending.state);
    },
    tellTrouble: async (id, name, text) => {
      const event: NewEvent = {
        kind: "trouble",
        state: text === undefined ? "over" : "begun",
        name,
        id,
        text,
      };
      if (text === undefined) await removeTrouble(store, id);
      else await writeTrouble(store, id, { text, sinceMs: clock.nowMs() });
      await events.add(event);
    },
    listTroubled: async () => [...(await listTroubles(store)).keys()],
  };
}
