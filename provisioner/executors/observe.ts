import { readlinkSync, statSync } from "node:fs";
import type { ContainerInspectAnswer } from "../../core/runtime/engine-types.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { namespaceOfPid } from "../drivers/links.ts";
import type { Host } from "../host/host.ts";
import type { Machine, Observed, ObservedContainer } from "../resources/types.ts";
import { isDiskGone } from "../resources/volume.ts";
import { cardOf, linkSpecOf } from "./card-of.ts";
import { decodeLimits } from "./container-body.ts";
import { readIdentity } from "./identity.ts";
import { leaseOf } from "./lease-of.ts";
import { holderName, INSIDE, LABEL } from "./names.ts";

/** Everything there is of a machine on this host, found by its id. */
export async function observeMachine(host: Host, machine: Machine): Promise<Observed> {
  const { docker, config, volumes } = host;
  const lease = await leaseOf(host, machine.network, machine);
  const holder = await docker.inspectContainer(holderName(machine));
  return {
    address: lease && { text: lease.address, state: lease.state },
    hasImage: await docker.hasImage(machine.image),
    volume: await volumes.observe(machine.id),
    identity: readIdentity(config.data, machine.id),
    holder: holder && { isRunning: isRunning(holder) },
    card: await observeCard(host, machine, lease?.address),
    containers: await observeContainers(host, machine, holder),
  };
}

/** A machine that shall be on, and whose data disk is gone: no steps lead there. */
export const DISK_GONE = "DISK_GONE";

/** The same for who plans how it becomes as wanted. Throws DISK_GONE. */
export async function observeWanted(host: Host, wanted: Machine): Promise<Observed> {
  const observed = await observeMachine(host, wanted);
  if (wanted.power === "on" && isDiskGone(observed))
    throw new PlimsollError(DISK_GONE, `container ${wanted.name}: its data disk is gone`, {
      hint: `bring back the disk of ${wanted.id}, or destroy the container`,
    });
  return observed;
}

async function observeCard(
  host: Host,
  machine: Machine,
  address: string | undefined,
): Promise<Observed["card"]> {
  const card = await cardOf(host, machine, machine.network, machine.attach);
  const [state] = await host.attachments.observe([card]);
  const isHome = (await host.links.find(host.links.home, card.port.name)) !== undefined;
  if (state?.port === undefined && state?.link === undefined && !isHome) return undefined;
  if (address === undefined) return { isPlugged: false, hasAddress: false };
  const wanted = await linkSpecOf(host, machine.network, address);
  const link = state?.link;
  return {
    isPlugged: state?.problems.length === 0 && link?.mac === card.port.mac,
    hasAddress:
      link?.isUp === true &&
      link.gateway === wanted.gateway &&
      link.addresses.join() === wanted.addresses.join(),
  };
}

async function observeContainers(
  { docker, config }: Host,
  { id }: Machine,
  holder: ContainerInspectAnswer | undefined,
): Promise<readonly ObservedContainer[]> {
  const found = await docker.listContainers(`${LABEL.machine}=${id}`);
  const ours = found.filter(({ labels }) => labels[LABEL.generation] !== undefined);
  const states = await Promise.all(ours.map((each) => docker.inspectContainer(each.id)));
  return states
    .filter((state) => state !== undefined)
    .map((state) => ({
      generation: Number(state.Config?.Labels?.[LABEL.generation]),
      isRunning: isRunning(state),
      isOfHolder: state.HostConfig?.NetworkMode === `container:${holder?.Id}`,
      isInPlace:
        isRunning(state) &&
        isSameNamespace(state.State?.Pid, holder?.State?.Pid) &&
        isOnVolume(state.State?.Pid, config.data),
      limits: decodeLimits(state.HostConfig),
    }))
    .sort((a, b) => a.generation - b.generation);
}

function isRunning({ State }: ContainerInspectAnswer): boolean {
  return State?.Running === true;
}

function isSameNamespace(pid: number | undefined, other: number | undefined): boolean {
  const namespace = pid === undefined ? undefined : findNamespace(pid);
  return other !== undefined && namespace !== undefined && namespace === findNamespace(other);
}

/** Its data folder is on another device than what lies below the volumes' mount points. */
function isOnVolume(pid: number | undefined, data: string): boolean {
  const inside = statSync(`/proc/${pid}/root${INSIDE.data}`, { throwIfNoEntry: false });
  return inside !== undefined && inside.dev !== statSync(data, { throwIfNoEntry: false })?.dev;
}

/** `net:[4026532008]`; undefined when the process has ended. */
function findNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(namespaceOfPid(pid));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
}
