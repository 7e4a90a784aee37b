import type { Series } from "../../core/metrics/series.ts";
import type { Epoch, Generation, History } from "./history-record.ts";

/** The series in which a machine says who it is this time; its value is 1, its labels are the answer. */
export const MACHINE_INFO = "plimsoll_machine_info";

/** What the series of one machine say of it; undefined when they do not say. */
export function readEpoch(series: readonly Series[]): Epoch | undefined {
  const labels = series.find(({ name }) => name === MACHINE_INFO)?.labels;
  if (labels === undefined) return undefined;
  const { owner, generation = "", container, image, host } = labels;
  return {
    owner,
    generation: /^\d{1,15}$/.test(generation) ? Number(generation) : undefined,
    container,
    image,
    host,
  };
}

export type Verdict =
  | { readonly kind: "current" | "rebuilt" | "succeeded" }
  | { readonly kind: "late"; readonly reason: string };

/**
 * What somebody who speaks under the address of `history` is: its machine, the same machine rebuilt,
 * another machine that has the address now, or one that had it before and does not know. `isAlive`:
 * the present holder has been heard of lately.
 */
export function judgeEpoch(
  history: History,
  formerOwners: readonly string[],
  epoch: Epoch | undefined,
  isAlive: boolean,
): Verdict {
  const now = history.generations.at(-1);
  if (epoch === undefined || (now === undefined && history.owner === undefined)) return { kind: "current" };
  const age = compareGenerations(epoch, now);
  if (history.owner !== undefined && epoch.owner !== undefined && history.owner !== epoch.owner) {
    const isFormer = age === "older" || formerOwners.includes(epoch.owner);
    return judgeStranger(history, epoch.owner, age === "newer" || (!isFormer && !isAlive));
  }
  if (age === "same" && epoch.container === now?.container) return { kind: "current" };
  const wasHere = epoch.container !== undefined && isAmong(history.generations, epoch.container);
  if (!isAlive || age === "newer" || (age === "same" && !wasHere)) return { kind: "rebuilt" };
  return { kind: "late", reason: `${history.ip} has been rebuilt since, as ${nameOf(now)}` };
}

function judgeStranger(history: History, owner: string, isSuccessor: boolean): Verdict {
  if (isSuccessor || history.ended !== undefined) return { kind: "succeeded" };
  return { kind: "late", reason: `${history.ip} belongs to ${history.owner}, not to ${owner}` };
}

/** `same` where one of them has no number. */
function compareGenerations(one: Epoch, other: Generation | undefined): "older" | "newer" | "same" {
  const [a, b] = [one.generation ?? Number.NaN, other?.generation ?? Number.NaN];
  if (a < b) return "older";
  return a > b ? "newer" : "same";
}

function isAmong(generations: readonly Generation[], container: string): boolean {
  return generations.some((one) => one.container === container);
}

function nameOf(generation: Generation | undefined): string {
  return generation?.container ?? `generation ${generation?.generation ?? "?"}`;
}
