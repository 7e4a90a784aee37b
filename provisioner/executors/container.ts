import { PlimsollError } from "../../core/runtime/errors.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import type { Host } from "../host/host.ts";
import { readMachine } from "../machines/machines.ts";
import { readNetwork } from "../networks/networks.ts";
import { renderBytes } from "../step/render.ts";
import type { MachineRef } from "../step/steps.ts";
import { containerBody, encodeLimits } from "./container-body.ts";
import { removeContainerWhole } from "./holder.ts";
import { identityFolder } from "./identity.ts";
import { requireLease } from "./lease-of.ts";
import { hasNameFiles, writeNameFiles } from "./name-files.ts";
import { containerName, holderName } from "./names.ts";
import type { Executor } from "./types.ts";

/** How long a program is given to end by itself. */
const STOP_SECONDS = 10;

export const fetchImage: Executor<"fetchImage"> = async ({ image }, { docker }) => {
  if (!(await docker.hasImage(image))) await docker.pullImage(image);
};

export const createContainer: Executor<"createContainer"> = async (step, host) => {
  const { docker, config, volumes } = host;
  const name = containerName(step.machine, step.generation);
  if ((await docker.inspectContainer(name)) !== undefined) return;
  const holder = await docker.inspectContainer(holderName(step.machine));
  if (holder?.Id === undefined)
    throw new PlimsollError("CONTAINER", `container ${step.machine.name}: no holder`);
  const body = containerBody(step, holder.Id, await docker.imageProgram(step.image), {
    config,
    volume: await volumes.mount(step.machine.id),
    names: await nameFiles(host, step.machine),
    application: packageDirectory(),
    node: process.execPath,
  });
  await docker.createContainer(name, body);
};

/** The engine, whose network it has not, makes none. */
async function nameFiles(host: Host, machine: MachineRef): Promise<readonly string[]> {
  const { network } = (await readMachine(host.store, machine.name)).machine;
  const { dns } = (await readNetwork(host.store, network)).network;
  const { address } = await requireLease(host, network, machine);
  const folder = identityFolder(host.config.data, machine.id);
  return writeNameFiles(folder, { name: machine.name, address, dns });
}

/** For a file that is gone the engine makes a folder, which is none of /etc's. */
export const startContainer: Executor<"startContainer"> = async ({ machine, generation }, host) => {
  if (!hasNameFiles(identityFolder(host.config.data, machine.id))) await nameFiles(host, machine);
  await host.docker.startContainer(containerName(machine, generation));
};

export const stopContainer: Executor<"stopContainer"> = ({ machine, generation }, { docker }) =>
  docker.stopContainer(containerName(machine, generation), STOP_SECONDS);

export const removeContainer: Executor<"removeContainer"> = async ({ machine, generation }, host) => {
  await removeContainerWhole(host, containerName(machine, generation));
};

/** Less memory than is in use would have the kernel end what runs there, on cgroup v2. */
export const updateLimits: Executor<"updateLimits"> = async ({ machine, generation, limits }, { docker }) => {
  const name = containerName(machine, generation);
  const inUse = await docker.memoryInUse(name);
  if (inUse > limits.memoryBytes)
    throw new PlimsollError(
      "IN_USE",
      `container ${machine.name}: ${renderBytes(inUse)} of memory are in use, more than ${renderBytes(limits.memoryBytes)}`,
      { hint: "end what uses it, or stop the container first" },
    );
  await docker.updateContainer(name, encodeLimits(limits));
};
