/*
 * operations/h1/001700000000000-3f2a          {"kind":"create","policy":"together","request":"3f2a…"}
 * operations/h1/001700000000000-3f2a/6f1c…    {"after":{…machine…},"steps":[{"kind":"reserveAddress",…},…],"cursor":3,"state":"running"}
 *
 * The first is one request, each of the others what it does to one machine: its track. `cursor` counts
 * the steps that are made. An operation is there until it has ended: one that is there and whose
 * process is not was interrupted, and whoever holds the host's lock next goes on with it.
 */
import {
  decodeMachine,
  encodeMachine,
  type MachineRecord,
  OPERATION_KINDS,
  type OperationKind,
} from "../machines/documents.ts";
import type { Step } from "../step/steps.ts";
import { isStepKind } from "../step/undo.ts";
import { damaged, Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";

/** `together`: all machines or none. `apart`: each for itself. */
export type Policy = "together" | "apart";

export interface Operation {
  readonly key: string;
  readonly kind: OperationKind;
  readonly policy: Policy;
  /** The id it was asked for under, where there is one. */
  readonly request?: string | undefined;
  readonly tracks: readonly Track[];
}

/** What an operation does to one machine. */
export interface Track {
  readonly key: string;
  /** What the machine was; nothing when it is being created. */
  readonly before?: MachineRecord | undefined;
  /** What it becomes; nothing when it is being destroyed. */
  readonly after?: MachineRecord | undefined;
  readonly steps: readonly Step[];
  readonly cursor: number;
  /** `undoing`: the cursor goes back to 0. */
  readonly state: "running" | "undoing";
  /** Why it was given up, or did not get on. */
  readonly error?: string | undefined;
  readonly revision: number;
}

export function operationPrefix(host: string): string {
  return `operations/${host}/`;
}

export function encodeOperation({
  kind,
  policy,
  request,
}: Pick<Operation, "kind" | "policy" | "request">): object {
  return { kind, policy, request };
}

export function encodeTrack({
  before,
  after,
  steps,
  cursor,
  state,
  error,
}: Omit<Track, "key" | "revision">): object {
  return {
    before: before && encodeMachine(before),
    after: after && encodeMachine(after),
    steps,
    cursor,
    state,
    error,
  };
}

/** The operations of a listing: each key is followed by those of its tracks. */
export function decodeOperations(
  store: Pick<Store, "name">,
  entries: readonly Entry[],
): readonly Operation[] {
  const depth = entries[0]?.key.split("/").length ?? 0;
  return entries
    .filter(({ key }) => key.split("/").length === depth)
    .map((entry) => {
      const fields = new Fields(store, entry);
      return {
        key: entry.key,
        kind: fields.choice("kind", OPERATION_KINDS),
        policy: fields.choice("policy", ["together", "apart"]),
        request: fields.optionalText("request"),
        tracks: entries
          .filter(({ key }) => key.startsWith(`${entry.key}/`))
          .map((track) => decodeTrack(store, track)),
      };
    });
}

function decodeTrack(store: Pick<Store, "name">, entry: Entry): Track {
  const { key, revision } = entry;
  const fields = new Fields(store, entry);
  const { before, after, steps } = entry.value as Readonly<Record<string, unknown>>;
  const machine = (value: unknown): MachineRecord | undefined =>
    value === undefined ? undefined : decodeMachine(store, { key, value });
  return {
    key,
    before: machine(before),
    after: machine(after),
    steps: decodeSteps(store, key, steps),
    cursor: fields.integer("cursor", 0),
    state: fields.choice("state", ["running", "undoing"]),
    error: fields.optionalText("error"),
    revision,
  };
}

/** Steps are written by this program only; one of an unknown kind is a newer version's. */
function decodeSteps(store: Pick<Store, "name">, key: string, value: unknown): readonly Step[] {
  if (!Array.isArray(value)) throw damaged(store.name, key, "steps: not a list");
  const unknown = value.find((step) => !isStepKind(step?.kind));
  if (unknown !== undefined) throw damaged(store.name, key, `steps: unknown kind ${unknown?.kind}`);
  return value;
}
