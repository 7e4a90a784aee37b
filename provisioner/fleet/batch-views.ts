import { type BatchPart, isGivenUp, type JudgedBatch, openParts } from "./batches.ts";
import type { FleetHost, HostState } from "./types.ts";

/** What a person or a script is shown of a creation on several hosts that is not over. */
export interface BatchView {
  readonly id: string;
  /** `taking-back`: one host has made nothing of it. */
  readonly state: "making" | "taking-back";
  readonly parts: readonly BatchPartView[];
}

export interface BatchPartView {
  readonly host: string;
  /** Null: the store has no such host any more. */
  readonly hostState: HostState | null;
  /** `pending`: its host has not said yet · `made`: is there · `nothing`: is not, or not any more. */
  readonly state: "pending" | "made" | "nothing";
  /** Whether the batch waits for this host. */
  readonly isOpen: boolean;
  readonly machines: readonly string[];
}

export function viewBatch(
  batch: JudgedBatch,
  hosts: readonly Pick<FleetHost, "name" | "state">[],
): BatchView {
  const open = openParts(batch);
  return {
    id: batch.id,
    state: isGivenUp(batch) ? "taking-back" : "making",
    parts: batch.parts.map((part) => ({
      host: part.host,
      hostState: hosts.find(({ name }) => name === part.host)?.state ?? null,
      state: stateOf(part),
      isOpen: open.includes(part),
      machines: part.names,
    })),
  };
}

function stateOf({ state }: BatchPart): BatchPartView["state"] {
  if (state === undefined) return "pending";
  return state === "done" ? "made" : "nothing";
}

export const BATCH_TITLES: readonly string[] = ["BATCH", "STATE", "HOST", "IS", "PART", "MACHINES"];

/** A row for each host. */
export function batchRows({ id, state, parts }: BatchView): readonly (readonly string[])[] {
  return parts.map((part) => [
    ...[id, state, part.host, part.hostState ?? "-"],
    ...[part.state, part.machines.join(",")],
  ]);
}

/** What an end by hand leaves: `web-2 on h2 (lost): as h2 has it, now or when it returns`. */
export function renderLeft({ parts }: BatchView): readonly string[] {
  return parts
    .filter(({ state }) => state !== "nothing")
    .map(
      (part) =>
        `${part.machines.join(", ")} on ${part.host} (${part.hostState ?? "not in the fleet"}): ${whatIsLeft(part)}`,
    );
}

function whatIsLeft({ host, hostState, state, isOpen }: BatchPartView): string {
  if (state === "pending") return `as ${host} has it, now or when it returns`;
  const isTakingBack = isOpen && hostState !== "lost" && hostState !== null;
  return isTakingBack ? `stays, unless ${host} is at taking it back` : "stays";
}
