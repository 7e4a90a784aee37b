import { PlimsollError } from "../../core/runtime/errors.ts";
import { observeMachine, observeWanted } from "../executors/observe.ts";
import type { Host } from "../host/host.ts";
import { chooseCpuset, parseCpuset } from "../machines/cpus.ts";
import type { OperationKind } from "../machines/documents.ts";
import { type FoundMachine, listMachines, readOurMachine } from "../machines/machines.ts";
import { parseCpus, parseDisk, parseMemory } from "../machines/parse-spec.ts";
import type { Change } from "../operations/journal.ts";
import { planMachine, planRemoval } from "../plan/plan.ts";
import type { Machine, Observed } from "../resources/types.ts";
import { planShrink } from "../resources/volume.ts";
import { renderBytes } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { FILE_SYSTEMS } from "../volumes/file-systems.ts";
import { onlineCpus } from "./online-cpus.ts";

/** What an operator may want of a machine that is there. */
export type Verb =
  | { readonly kind: "start" | "stop" | "restart" | "repair" }
  | {
      readonly kind: "resize";
      readonly cpus?: string | undefined;
      readonly memory?: string | undefined;
      readonly disk?: string | undefined;
    }
  | { readonly kind: "rebuild"; readonly image: string; readonly command?: readonly string[] | undefined };

/** What would be done to the machine of that name; nothing is written yet. */
export async function planChange(host: Host, name: string, verb: Verb): Promise<Change> {
  const found = await findOurs(host, name);
  const wanted = await wantedOf(host, found.machine, verb);
  const observed = await observeWanted(host, wanted);
  const after = { machine: wanted, host: found.host, createdMs: found.createdMs };
  return { before: found, after, steps: planVerb(observed, found.machine, wanted, verb.kind) };
}

/** What would leave nothing of the machine of that name. */
export async function planDestruction(host: Host, name: string): Promise<Change> {
  const found = await findOurs(host, name);
  const { machine } = found;
  return { before: found, steps: planRemoval(await observeMachine(host, machine), machine) };
}

/** What is on another host is that host's to change, and what is busy still is whoever's operation that is. */
async function findOurs(host: Host, name: string): Promise<FoundMachine> {
  const found = await readOurMachine(host.store, name, host.config.name);
  if (found.busy !== undefined)
    throw new PlimsollError("BUSY", `container ${name}: its ${found.busy} has not ended`, {
      hint: "it is tried again by each plimsoll ct command that changes something",
    });
  return found;
}

async function wantedOf(host: Host, machine: Machine, verb: Verb): Promise<Machine> {
  switch (verb.kind) {
    case "start":
    case "restart":
      return { ...machine, power: "on" };
    case "stop":
      return { ...machine, power: "off" };
    case "repair":
      return machine;
    case "rebuild":
      return {
        ...machine,
        generation: machine.generation + 1,
        image: verb.image,
        command: verb.command ?? machine.command,
        power: "on",
      };
    case "resize":
      return resized(host, machine, verb);
  }
}

async function resized(host: Host, machine: Machine, text: Verb & { kind: "resize" }): Promise<Machine> {
  const { limits, disk } = machine;
  const cpus = text.cpus === undefined ? limits.cpus : parseCpus(text.cpus, onlineCpus().length);
  const memoryBytes = text.memory === undefined ? limits.memoryBytes : parseMemory(text.memory);
  const diskBytes = text.disk === undefined ? disk.bytes : parseDisk(text.disk, disk.fileSystem);
  if (diskBytes < disk.bytes) requireShrinkable(host, machine, diskBytes);
  const cpuset = await cpusetFor(host, machine, cpus);
  return { ...machine, limits: { cpus, cpuset, memoryBytes }, disk: { ...disk, bytes: diskBytes } };
}

/** The machine keeps its CPUs while their number is right. */
async function cpusetFor(host: Host, machine: Machine, cpus: number): Promise<string> {
  if (parseCpuset(machine.limits.cpuset).length === Math.ceil(cpus)) return machine.limits.cpuset;
  const others = (await listMachines(host.store)).filter(
    (each) => each.host === host.config.name && each.machine.id !== machine.id,
  );
  const given = others.map((each) => each.machine.limits.cpuset);
  return chooseCpuset(onlineCpus(), given, cpus);
}

/** What a smaller disk needs. Whether everything really fits, the tools of its file system know when it is not in use. */
function requireShrinkable({ volumes }: Host, { id, name, disk, power }: Machine, bytes: number): void {
  const refuse = (why: string, hint: string): never => {
    throw new PlimsollError("SHRINK", `container ${name}: ${why}`, { hint });
  };
  if (FILE_SYSTEMS[disk.fileSystem].shrink === undefined)
    refuse(
      `its data disk has ${renderBytes(disk.bytes)}, and ${disk.fileSystem} cannot be made smaller`,
      "copy the data to a new container",
    );
  if (power === "on")
    refuse("a data disk is made smaller while nothing uses it", `plimsoll ct stop ${name}, then again`);
  const used = volumes.usedBytes(id) ?? 0;
  if (used > bytes)
    refuse(`${renderBytes(used)} of its data disk are in use`, `ask for more than ${renderBytes(bytes)}`);
}

function planVerb(
  observed: Observed,
  machine: Machine,
  wanted: Machine,
  kind: OperationKind,
): readonly Step[] {
  if (wanted.disk.bytes < machine.disk.bytes) {
    const { steps, after } = planShrink(observed, wanted);
    return [...steps, ...planMachine(after, wanted)];
  }
  if (kind !== "restart") return planMachine(observed, wanted);
  const running = observed.containers.filter(({ isRunning }) => isRunning);
  const stop = running.map(
    ({ generation }): Step => ({
      kind: "stopContainer",
      machine: { id: wanted.id, name: wanted.name },
      generation,
    }),
  );
  const containers = observed.containers.map((each) => ({ ...each, isRunning: false, isInPlace: false }));
  return [...stop, ...planMachine({ ...observed, containers }, wanted)];
}
