import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/runtime/clock.ts";
import { bug, PlimsollError } from "../../core/runtime/errors.ts";
import {
  encodeMachine,
  type MachineRecord,
  machineKey,
  nameKey,
  type OperationKind,
} from "../machines/documents.ts";
import type { Step } from "../step/steps.ts";
import { MAX_OPERATIONS } from "../store/transaction.ts";
import type { Store, Transaction } from "../store/types.ts";
import {
  decodeOperations,
  encodeOperation,
  encodeTrack,
  type Operation,
  operationPrefix,
  type Policy,
  type Track,
} from "./documents.ts";
import {
  encodeRequest,
  findRequest,
  type RequestRecord,
  type RequestResult,
  requestKey,
} from "./requests.ts";

/** A machine, its name and its track are written for each, operation and request once. */
export const MAX_MACHINES: number = Math.floor((MAX_OPERATIONS - 2) / 3);

/** What is to become of one machine, and how. */
export interface Change {
  /** As it was read, with its revision. */
  readonly before?: (MachineRecord & { readonly revision: number }) | undefined;
  readonly after?: MachineRecord | undefined;
  readonly steps: readonly Step[];
  /** What else must be as it was read, and what goes with it. */
  readonly claims?: Pick<Transaction, "expect" | "remove">;
}

/** What became of one. `stuck`: it stays in the journal, and is tried again by the next command. */
export interface Ending {
  readonly track: Track;
  readonly state: "done" | "undone" | "stuck";
}

/**
 * The operations of one host, durable. Written by whoever holds the host's lock; every write expects
 * what was last read, so that one whose lock was lost notices before it does harm.
 */
export class Journal {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #host: string;

  constructor(store: Store, clock: Clock, host: string) {
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
  }

  /** Those that have not ended, oldest first. */
  async list(): Promise<readonly Operation[]> {
    const { entries } = await this.#store.list(operationPrefix(this.#host));
    return decodeOperations(this.#store, entries);
  }

  /**
   * Marks the machines as busy and makes the names new ones take, with the operation and the request it
   * comes from: all or nothing.
   */
  async begin(
    kind: OperationKind,
    policy: Policy,
    changes: readonly Change[],
    request?: RequestRecord,
  ): Promise<Operation> {
    if (changes.length > MAX_MACHINES) bug(`an operation on ${changes.length} machines`);
    const id = `${String(this.#clock.nowMs()).padStart(15, "0")}-${randomBytes(4).toString("hex")}`;
    const key = operationPrefix(this.#host) + id;
    const tracks = changes.map((change): Track => {
      const { before, after } = change;
      const { id: machine } = recordOf(change).machine;
      const shared = { before, after, steps: change.steps, cursor: 0, state: "running" as const };
      return { key: `${key}/${machine}`, revision: 0, ...shared };
    });
    const asked = request && { key: requestKey(this.#host, request.id), value: encodeRequest(request) };
    const revision = await this.#store.transact({
      expect: [
        ...changes.flatMap(expectations),
        ...changes.flatMap(({ claims }) => claims?.expect ?? []),
        ...(asked ? [{ key: asked.key, revision: 0 }] : []),
      ],
      remove: changes.flatMap(({ claims }) => claims?.remove ?? []),
      put: [
        { key, value: encodeOperation({ kind, policy, request: request?.id }) },
        ...(asked ? [asked] : []),
        ...tracks.map((track) => ({ key: track.key, value: encodeTrack(track) })),
        ...changes.flatMap((change) => beginning(change, kind)),
      ],
    });
    if (revision === undefined) throw await this.#explainRefusal(changes);
    return {
      ...{ key, kind, policy, request: request?.id },
      tracks: tracks.map((track) => ({ ...track, revision })),
    };
  }

  /** Returns the track as it is now. */
  async save(
    track: Track,
    changes: Partial<Pick<Track, "steps" | "cursor" | "state" | "error">>,
  ): Promise<Track> {
    const next = { ...track, ...changes };
    const revision = await this.#store.transact({
      expect: [{ key: track.key, revision: track.revision }],
      put: [{ key: track.key, value: encodeTrack(next) }],
    });
    if (revision === undefined) throw lost(track.key);
    return { ...next, revision };
  }

  /** Writes what became of the machines and forgets the tracks that have ended; the operation with the last. */
  async end(operation: Operation, endings: readonly Ending[]): Promise<void> {
    const ended = endings.filter(({ state }) => state !== "stuck");
    const transactions = await Promise.all(ended.map((ending) => this.#ending(ending)));
    const isOver = ended.length === endings.length;
    const answered = await this.#answer(operation, endings, isOver);
    const revision = await this.#store.transact({
      expect: transactions.flatMap(({ expect }) => expect),
      put: [...transactions.flatMap(({ put = [] }) => put), ...answered],
      remove: [...transactions.flatMap(({ remove = [] }) => remove), ...(isOver ? [operation.key] : [])],
    });
    if (revision === undefined) throw lost(operation.key);
  }

  /** For who asked: what has become of each machine so far. */
  async #answer(
    { request: id }: Operation,
    endings: readonly Ending[],
    isOver: boolean,
  ): Promise<NonNullable<Transaction["put"]>> {
    const record = id === undefined ? undefined : await findRequest(this.#store, this.#host, id);
    if (record === undefined) return [];
    const now = endings.map(
      ({ track, state }): RequestResult => ({
        name: recordOf(track).machine.name,
        id: recordOf(track).machine.id,
        state,
        error: state === "done" ? undefined : track.error,
      }),
    );
    const earlier = record.results.filter(({ name }) => !now.some((each) => each.name === name));
    const endedMs = isOver ? this.#clock.nowMs() : undefined;
    const value = encodeRequest({ ...record, results: [...earlier, ...now], endedMs });
    return [{ key: requestKey(this.#host, record.id), value }];
  }

  async #ending({ track, state }: Ending): Promise<Transaction> {
    const { machine } = recordOf(track);
    const key = machineKey(machine.id);
    const found = await this.#store.get(key);
    const left = state === "done" ? track.after : track.before;
    return {
      expect: [
        { key: track.key, revision: track.revision },
        { key, revision: found?.revision ?? 0 },
      ],
      put: left === undefined ? [] : [{ key, value: encodeMachine({ ...left, busy: undefined }) }],
      remove: [track.key, ...(left === undefined ? [key, nameKey(machine.name)] : [])],
    };
  }

  async #explainRefusal(changes: readonly Change[]): Promise<PlimsollError> {
    for (const { before, after } of changes) {
      const name = after?.machine.name ?? "";
      if (before === undefined && (await this.#store.get(nameKey(name))) !== undefined)
        return new PlimsollError("NAME_TAKEN", `container ${name}: is there already`);
    }
    return new PlimsollError("CHANGED", "the container was changed by somebody else meanwhile", {
      hint: "look at it and try again",
    });
  }
}

/** The record of a track or a change: one of the two is always there. */
export function recordOf({ before, after }: Pick<Track, "before" | "after">): MachineRecord {
  return after ?? before ?? bug("a track of no machine");
}

function expectations({ before, after }: Change): Transaction["expect"] {
  if (before !== undefined) return [{ key: machineKey(before.machine.id), revision: before.revision }];
  const machine = after?.machine ?? bug("a change of nothing");
  return [
    { key: machineKey(machine.id), revision: 0 },
    { key: nameKey(machine.name), revision: 0 },
  ];
}

/** As long as an operation lasts a machine is shown as it was, and what it is busy with. */
function beginning(change: Change, kind: OperationKind): NonNullable<Transaction["put"]> {
  const { machine, host, createdMs } = change.before ?? recordOf(change);
  const put = [
    { key: machineKey(machine.id), value: encodeMachine({ machine, host, createdMs, busy: kind }) },
  ];
  return change.before === undefined
    ? [...put, { key: nameKey(machine.name), value: { id: machine.id } }]
    : put;
}

function lost(key: string): PlimsollError {
  return new PlimsollError("OPERATION_LOST", `${key}: another process goes on with it`);
}
