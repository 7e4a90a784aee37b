import { bug, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import type { FoundMachine } from "../machines/machines.ts";
import { type Ask, newAsk } from "./asks.ts";
import type { Fleet } from "./hosts.ts";
import { planPlacement, type Refusal } from "./placement.ts";
import { roomOf } from "./room.ts";

/** Where the machines of a fenced host would be made anew. */
export interface Evacuation {
  readonly from: string;
  readonly moves: readonly Move[];
  readonly refused: readonly Refusal[];
}

export interface Move {
  readonly found: FoundMachine;
  readonly to: string;
  /** Its image is there already, as far as that host says. */
  readonly hasImage: boolean;
}

/** The largest first: where room is scarce the small ones find what they leave. Throws unless the host is fenced. */
export function planEvacuation({ hosts, machines }: Fleet, from: string): Evacuation {
  const host = hosts.find(({ name }) => name === from);
  if (host === undefined)
    throw new NotFoundError(`host ${from}: not in the fleet`, { hint: "plimsoll host list" });
  if (host.state !== "fenced")
    throw new PlimsollError("FENCE", `host ${from}: is ${host.state}, not fenced`, {
      hint: `its machines may run there; plimsoll host fence ${from}, when it is off`,
    });
  const leaving = machines
    .filter((each) => each.host === from && each.busy !== "evacuate")
    .sort((a, b) => b.machine.limits.memoryBytes - a.machine.limits.memoryBytes);
  const requests = leaving.map(({ machine }) => {
    const { name, image } = machine;
    return { name, image, needs: roomOf(machine) };
  });
  const { placed, refused } = planPlacement(hosts, requests, { hostLabels: {}, partial: true });
  const moves = placed.map(({ name, host: to, hasImage }): Move => {
    const found = leaving.find(({ machine }) => machine.name === name) ?? bug(`a place for ${name}`);
    return { found, to, hasImage };
  });
  return { from, moves, refused };
}

/** One for each host that gets machines. */
export function asksOf({ from, moves }: Evacuation): readonly Ask[] {
  return [...new Set(moves.map(({ to }) => to))].map((host) => {
    const names = moves.filter(({ to }) => to === host).map(({ found }) => found.machine.name);
    return newAsk(host, "operation", { kind: "evacuate", names, from });
  });
}
