import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";
import type { FoundMachine } from "../machines/machines.ts";
import { renderBytes } from "../step/render.ts";
import { holdsImage } from "./held-images.ts";
import type { Fleet } from "./hosts.ts";
import { planPlacement } from "./placement.ts";
import { roomOf } from "./room.ts";
import type { FleetHost } from "./types.ts";

/** What disks of hosts and a network between them do alike, by experience; nothing is measured for a plan. */
const COPY_BYTES_PER_SECOND = 100 * 2 ** 20;
/** To end by itself, then a container, a card and a look from inside. */
const STOP_SECONDS = 10;
const START_SECONDS = 3;

/** What it would take to have a machine on another host. Nothing does it yet. */
export interface MovePlan {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Why it cannot be; then there are no steps. */
  readonly obstacles: readonly string[];
  readonly steps: readonly string[];
  readonly dataBytes: number;
  /** While it is stopped, at the rate that is taken for granted here. */
  readonly downtimeSeconds: number;
}

export function planMove({ hosts, machines }: Fleet, name: string, to: string): MovePlan {
  const found = machines.find(({ machine }) => machine.name === name);
  if (found === undefined) throw new NotFoundError(`container ${name}: not found`);
  const target = hosts.find((host) => host.name === to);
  if (target === undefined)
    throw new NotFoundError(`host ${to}: not in the fleet`, { hint: "plimsoll host list" });
  if (found.host === to) throw new UsageError(`--to: container ${name} is on ${to} already`);
  const obstacles = findObstacles(hosts, found, to);
  const dataBytes = found.machine.disk.bytes;
  const isRunning = found.machine.power === "on";
  const copySeconds = Math.ceil(dataBytes / COPY_BYTES_PER_SECOND);
  return {
    ...{ name, from: found.host, to, obstacles, dataBytes },
    steps: obstacles.length > 0 ? [] : stepsOf(found, target, copySeconds),
    downtimeSeconds: obstacles.length > 0 || !isRunning ? 0 : STOP_SECONDS + copySeconds + START_SECONDS,
  };
}

function findObstacles(hosts: readonly FleetHost[], found: FoundMachine, to: string): readonly string[] {
  const { machine, host: from, busy } = found;
  const source = hosts.find((host) => host.name === from)?.state ?? "not in the fleet";
  const request = { name: machine.name, image: machine.image, needs: roomOf(machine) };
  const { refused } = planPlacement(hosts, [request], { on: to, hostLabels: {}, partial: false });
  return [
    ...(source === "ready" || source === "draining" ? [] : [`${from} is ${source}: its data cannot be read`]),
    ...refused.flatMap(({ why }) => why),
    ...(busy === undefined ? [] : [`its ${busy} has not ended`]),
  ];
}

function stepsOf(
  { machine, host: from }: FoundMachine,
  to: FleetHost,
  copySeconds: number,
): readonly string[] {
  const { image, disk, generation, power, network } = machine;
  const size = renderBytes(disk.bytes);
  const isOn = power === "on";
  return [
    ...(holdsImage(to.images, image) ? [] : [`${to.name}: fetch image ${image}`]),
    `${to.name}: create a data volume of ${size}, ${disk.fileSystem}`,
    ...(isOn ? [`${from}: stop container ${generation}, up to ${STOP_SECONDS} s`] : []),
    `${from}: unplug the card; address and MAC of network ${network} stay the machine's`,
    `copy up to ${size} of data from ${from} to ${to.name}, about ${copySeconds} s at 100 MiB/s`,
    `${to.name}: create container ${generation + 1} of ${image}, plug the card, announce the address`,
    ...(isOn ? [`${to.name}: start container ${generation + 1}, verify from inside`] : []),
    `${from}: remove the container, wipe and remove the data volume`,
  ];
}

export function renderMovePlan({
  name,
  from,
  to,
  obstacles,
  steps,
  dataBytes,
  downtimeSeconds,
}: MovePlan): string {
  if (obstacles.length > 0) return `${name} cannot move from ${from} to ${to}: ${obstacles.join(", ")}\n`;
  const lines = steps.map((step, index) => `${String(index + 1).padStart(2)}  ${step}\n`);
  return `${lines.join("")}data ${renderBytes(dataBytes)}, downtime about ${downtimeSeconds} s\n`;
}
