import { systemClock } from "../../core/runtime/clock.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Operator } from "../ct/operator.ts";
import type { ChangeRequest } from "../ct/request.ts";
import { type SessionEvents, type SessionOptions, withSession, withStore } from "../ct/session.ts";
import type { MachineView } from "../ct/views.ts";
import type { HostConfig } from "../host/config.ts";
import { type FoundMachine, readMachine } from "../machines/machines.ts";
import { isSharedStore } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import { concernsFleet, FleetOperator } from "./fleet-operator.ts";
import type { PlacementRules } from "./placement.ts";

export interface FleetRequest {
  readonly request: ChangeRequest;
  /** Of a creation; nothing where none was given. */
  readonly rules?: PlacementRules | undefined;
  look(store: Store, config: HostConfig, records: readonly FoundMachine[]): Promise<readonly MachineView[]>;
}

/** As `withSession`, with the operator of all hosts where the request is for more than this one. */
export async function withFleetSession<T>(
  options: SessionOptions,
  log: Logger,
  signal: AbortSignal,
  events: SessionEvents,
  { request, rules, look }: FleetRequest,
  use: (operator: Operator) => Promise<T>,
): Promise<T> {
  const local = <R>(body: (operator: Operator) => Promise<R>): Promise<R> =>
    withSession(options, log, signal, events, body);
  if (!isSharedStore(options.store)) {
    if (rules !== undefined)
      throw new UsageError("--on, --spread and --host-label are for a store of many hosts", {
        hint: "--store etcd+http://HOST:PORT",
      });
    return local(use);
  }
  return withStore(options, async (store, config) => {
    const here = config.name;
    if (!(await concernsFleet(store, here, request, rules?.on))) return local(use);
    const show = async (names: readonly string[]): Promise<readonly MachineView[]> =>
      look(store, config, await Promise.all(names.map((name) => readMachine(store, name))));
    const parts = { store, clock: systemClock, here, local, look: show };
    return use(new FleetOperator(parts, rules ?? { hostLabels: {}, partial: false }));
  });
}
