import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { UndoStack } from "../../core/runtime/undo.ts";
import type { Links } from "../drivers/links.ts";
import type { LinkState } from "../drivers/links-state.ts";
import { detectDatapath, type Ovs } from "../drivers/ovs.ts";
import { observeHostEngine, reversibleEngineChange } from "../host-engine/apply.ts";
import { type HostEngineChange, planHostEngine } from "../host-engine/plan.ts";
import { renderEngineChange } from "../host-engine/render.ts";
import { observeHostNetwork, type Reversible, reversibleNetworkChange } from "../host-network/apply.ts";
import { type HostNetworkChange, planHostNetwork } from "../host-network/plan.ts";
import { renderChange as renderNetworkChange } from "../host-network/render.ts";
import { observeHostStorage, reversibleStorageChange } from "../host-storage/apply.ts";
import { type HostStorageChange, type HostStorageSpec, planHostStorage } from "../host-storage/plan.ts";
import { renderStorageChange } from "../host-storage/render.ts";
import { Lvm } from "../volumes/lvm.ts";
import type { HostConfig, HostStorage } from "./config.ts";
import {
  observeServices,
  planServices,
  renderService,
  reversibleService,
  type ServiceState,
  unitsOf,
} from "./services.ts";

export interface HostDrivers {
  readonly ovs: Ovs;
  readonly links: Links;
  readonly run?: Exec;
}

/** Storage comes first: it is slower to say no, and a network that was changed for nothing is worse. */
export interface HostPlan {
  readonly storage: readonly HostStorageChange[];
  readonly engine: readonly HostEngineChange[];
  readonly network: readonly HostNetworkChange[];
  readonly services: readonly ServiceState[];
  /** Why the changes must not be made as they are. */
  readonly problems: readonly HostProblem[];
}

export interface HostProblem {
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

/** What makes the host be as `host.yaml` wants it; nothing is changed yet. */
export async function planHost(config: HostConfig, drivers: HostDrivers): Promise<HostPlan> {
  const { run = exec } = drivers;
  const observed = await observeHostNetwork(drivers);
  const found = observed.bridges.find(({ name }) => name === config.bridge);
  // A bridge keeps its datapath: another one would cut every card.
  const datapath = found?.datapath ?? (await detectDatapath(run));
  const network = planHostNetwork(observed, { bridge: config.bridge, datapath, bond: config.bond });
  const spec = config.storage && storageSpecOf(config.storage);
  const storage = spec && planHostStorage(await observeHostStorage(spec, run), spec);
  const engine =
    config.engine && planHostEngine(await observeHostEngine(config.engine, { run }), config.engine);
  return {
    storage: storage?.changes ?? [],
    engine: engine?.changes ?? [],
    network: network.changes,
    services: planServices(await observeServices(unitsOf(config), run)),
    problems: [...(storage?.problems ?? []), ...(engine?.problems ?? []), ...network.problems],
  };
}

/** The plan as lines for a reader. */
export function renderPlan({ storage, engine, network, services }: HostPlan): readonly string[] {
  return [
    ...storage.map(renderStorageChange),
    ...engine.map(renderEngineChange),
    ...network.map(renderNetworkChange),
    ...services.map(renderService),
  ];
}

/**
 * Makes the changes, in order; all of them are taken back when one fails, or when the host has lost
 * an address or a way out of its own. `onChange` hears of each that is made.
 */
export async function prepareHost(
  plan: HostPlan,
  drivers: HostDrivers,
  log: Logger,
  onChange: (line: string) => void,
): Promise<void> {
  const undo = new UndoStack(log);
  const before = await drivers.links.observe(drivers.links.home);
  const lines = renderPlan(plan);
  try {
    for (const [index, { make, undo: takeBack }] of reversiblesOf(plan, drivers).entries()) {
      const line = lines[index] ?? "";
      undo.add(line, () => takeBack().then(() => {}));
      await make();
      onChange(line);
    }
    const lost = findLost(before, await drivers.links.observe(drivers.links.home));
    if (lost !== undefined) throw new PlimsollError("HOST", `this host has lost ${lost}`);
  } catch (cause) {
    const failed = await undo.run();
    const outcome = failed.length === 0 ? "taken back" : `taken back but for: ${failed.join("; ")}`;
    throw new PlimsollError("HOST", `host not as wanted, all ${outcome}`, { cause });
  }
}

/** An address or a default route that a device had; undefined when all are there. */
export function findLost(before: readonly LinkState[], after: readonly LinkState[]): string | undefined {
  const usesOf = (links: readonly LinkState[]): readonly string[] =>
    links.flatMap(({ name, addresses, gateway }) => [
      ...addresses.map((address) => `the address ${address} of ${name}`),
      ...(gateway === undefined ? [] : [`the default route by ${gateway} over ${name}`]),
    ]);
  const remaining = usesOf(after);
  return usesOf(before).find((use) => !remaining.includes(use));
}

function reversiblesOf(
  { storage, engine, network, services }: HostPlan,
  drivers: HostDrivers,
): readonly Reversible[] {
  const { run = exec } = drivers;
  const lvm = new Lvm(run);
  return [
    ...storage.map((change) => reversibleStorageChange(change, lvm)),
    ...engine.map((change) => reversibleEngineChange(change, { run })),
    ...network.map((change) => reversibleNetworkChange(change, drivers)),
    ...services.map((service) => reversibleService(service, run)),
  ];
}

function storageSpecOf({ group, devices, thin, poolPercent }: HostStorage): HostStorageSpec {
  return { group, devices, pool: thin && { name: thin.pool, percent: poolPercent } };
}
