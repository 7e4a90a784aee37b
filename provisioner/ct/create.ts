import { randomUUID } from "node:crypto";
import { errorLine } from "../../core/runtime/errors.ts";
import { reserveAddresses } from "../addresses/reserve.ts";
import type { Host } from "../host/host.ts";
import { chooseCpuset } from "../machines/cpus.ts";
import { listMachines } from "../machines/machines.ts";
import type { MachineSpec } from "../machines/parse-spec.ts";
import { parseIpv4 } from "../networks/ipv4.ts";
import { readNetwork } from "../networks/networks.ts";
import type { Operation } from "../operations/documents.ts";
import type { Change, Journal } from "../operations/journal.ts";
import { planMachine } from "../plan/plan.ts";
import type { Machine } from "../resources/types.ts";
import { onlineCpus } from "./online-cpus.ts";

/**
 * What would make the machines, one change for each; nothing is written yet. Of a machine that is new
 * nothing can be there but its image: it is not looked for.
 */
export async function planCreation(host: Host, specs: readonly MachineSpec[]): Promise<readonly Change[]> {
  host.ovs.requireBridge(host.config.bridge);
  for (const network of new Set(specs.map((spec) => spec.network))) await readNetwork(host.store, network);
  const images = await findImages(host, specs);
  const others = (await listMachines(host.store)).filter((each) => each.host === host.config.name);
  const given = others.map(({ machine }) => machine.limits.cpuset);
  const machines = specs.map(({ cpus, memoryBytes, ...spec }): Machine => {
    const cpuset = chooseCpuset(onlineCpus(), given, cpus);
    given.push(cpuset);
    return { ...spec, id: randomUUID(), generation: 1, limits: { cpus, cpuset, memoryBytes }, power: "on" };
  });
  const createdMs = host.clock.nowMs();
  return machines.map((machine) => ({
    after: { machine, host: host.config.name, createdMs },
    steps: planMachine({ hasImage: images.has(machine.image), containers: [] }, machine),
  }));
}

/** Those that the engine has. */
async function findImages({ docker }: Host, specs: readonly MachineSpec[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const image of new Set(specs.map((spec) => spec.image)))
    if (await docker.hasImage(image)) found.add(image);
  return found;
}

/**
 * All addresses of a creation in one transaction: where there are too few it ends before it began. A
 * creation that has begun is left as it is: its steps reserve for themselves.
 */
export async function reserveTogether(
  host: Host,
  journal: Journal,
  operation: Operation,
): Promise<Operation> {
  const [first, ...rest] = operation.tracks;
  const isNew = operation.tracks.every(({ state, cursor }) => state === "running" && cursor === 0);
  const isTogether = operation.kind === "create" && operation.policy === "together";
  if (first === undefined || !isNew || !isTogether) return operation;
  try {
    await reserveAll(host, operation);
    return operation;
  } catch (error) {
    const failed = await journal.save(first, { state: "undoing", error: errorLine(error) });
    return { ...operation, tracks: [failed, ...rest] };
  }
}

async function reserveAll({ store, clock }: Host, { tracks }: Operation): Promise<void> {
  const machines = tracks.flatMap(({ after }) => (after === undefined ? [] : [after.machine]));
  const network = machines[0]?.network;
  if (network === undefined) return;
  const claims = machines.map(({ id, address }) => ({
    owner: id,
    address: address === undefined ? undefined : parseIpv4(address),
  }));
  await reserveAddresses(store, clock, network, claims);
}
