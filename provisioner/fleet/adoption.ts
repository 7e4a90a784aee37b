import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { onlineCpus } from "../ct/online-cpus.ts";
import { leaseOf } from "../executors/lease-of.ts";
import { observeMachine } from "../executors/observe.ts";
import type { Host } from "../host/host.ts";
import { chooseCpuset } from "../machines/cpus.ts";
import { listMachines } from "../machines/machines.ts";
import { type Change, Journal } from "../operations/journal.ts";
import { planMachine } from "../plan/plan.ts";
import type { Machine } from "../resources/types.ts";
import { orderKey } from "./documents.ts";
import { findOrder } from "./orders.ts";
import { requireSilence } from "./silence.ts";

/**
 * What would make machines of a fenced host be here instead: the same id, address, MAC, image and limits,
 * the next generation, and an empty data disk. It is written only if the fence still stands, and whatever that host
 * had begun with them is over with it: should it return, its journal has nothing to go on with.
 */
export async function planAdoption(
  host: Host,
  names: readonly string[],
  from: string,
): Promise<readonly Change[]> {
  const { store, clock, config } = host;
  const fence = await requireFence(host, from);
  const begun = (await new Journal(store, clock, from).list()).flatMap(({ tracks }) => tracks);
  const all = await listMachines(store);
  const given = all.filter((each) => each.host === config.name).map(({ machine }) => machine.limits.cpuset);
  const leaving = names.map((name) => {
    const found = all.find((each) => each.machine.name === name && each.host === from);
    if (found !== undefined) return found;
    throw new NotFoundError(`container ${name}: is not on host ${from}`);
  });
  const machines = leaving.map(({ machine }) => machine);
  await requireSilence(host, machines, all);
  const changes: Change[] = [];
  for (const found of leaving) {
    const cpuset = chooseCpuset(onlineCpus(), given, found.machine.limits.cpus);
    given.push(cpuset);
    const machine = await adopted(host, found.machine, cpuset);
    const tracks = begun.filter(({ key }) => key.endsWith(`/${machine.id}`));
    changes.push({
      before: found,
      after: { machine, host: config.name, createdMs: found.createdMs },
      steps: await planAnew(host, machine),
      claims: {
        expect: [fence, ...tracks.map(({ key, revision }) => ({ key, revision }))],
        remove: tracks.map(({ key }) => key),
      },
    });
  }
  return changes;
}

async function requireFence(
  { store }: Host,
  from: string,
): Promise<{ readonly key: string; readonly revision: number }> {
  const order = await findOrder(store, from);
  if (order?.state === "fenced") return { key: orderKey(from), revision: order.revision };
  throw new PlimsollError("FENCE", `host ${from}: is not fenced, so its machines may run there`, {
    hint: `plimsoll host fence ${from}, when it is off`,
  });
}

async function adopted(host: Host, machine: Machine, cpuset: string): Promise<Machine> {
  const lease = await leaseOf(host, machine.network, machine);
  return {
    ...machine,
    generation: machine.generation + 1,
    // No other, whoever answers to it: that would be the fenced host, which is not off.
    address: lease?.address ?? machine.address,
    limits: { ...machine.limits, cpuset },
  };
}

/** As for one that has never lived: a disk is made, and the wire is asked whether somebody still has the address. */
async function planAnew(host: Host, machine: Machine): Promise<Change["steps"]> {
  const observed = await observeMachine(host, machine);
  const address = observed.address && { ...observed.address, state: "reserved" as const };
  return planMachine({ ...observed, address }, machine);
}
