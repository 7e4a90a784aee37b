import { randomUUID } from "node:crypto";
import { errorLine, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { HostOperator } from "../ct/operator.ts";
import { type ChangeRequest, checkRequest, machinesOf } from "../ct/request.ts";
import type { OperationKind } from "../machines/documents.ts";
import type { Operation } from "../operations/documents.ts";
import { recordOf } from "../operations/journal.ts";
import { digestOf, findRequest, type RequestRecord, type RequestResult } from "../operations/requests.ts";
import type { Progress, Watcher } from "../operations/run.ts";
import type { Turns } from "../operations/turns.ts";
import type { Step } from "../step/steps.ts";
import { Feed } from "./feed.ts";

/** A request that was accepted. */
export interface RequestView {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: "running" | "ended";
  readonly begun: string;
  readonly ended: string | null;
  /** Of the machines that have ended. */
  readonly results: readonly RequestResult[];
}

/** One line of an operation's progress. */
export type ProgressLine =
  | ({ readonly event: "begin"; readonly step: Step } & Progress)
  | { readonly event: "done"; readonly step: Step }
  | { readonly event: "end"; readonly operation: RequestView };

interface Running {
  readonly feed: Feed<ProgressLine>;
  readonly cancelling: AbortController;
  readonly over: Promise<void>;
}

/** Where requests come in: each is written down, waits for its machines' turn, and is run in the background. */
export class Desk {
  readonly #operator: HostOperator;
  readonly #turns: Turns;
  readonly #log: Logger;
  /** By the journal's key. */
  readonly #running = new Map<string, Running>();

  constructor(operator: HostOperator, turns: Turns, log: Logger) {
    this.#operator = operator;
    this.#turns = turns;
    this.#log = log;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Returns once it is in the journal. Under an id that was used before it is that operation, if it is the same. */
  async submit(request: ChangeRequest, id: string = randomUUID()): Promise<RequestView> {
    checkRequest(request);
    const digest = digestOf(request);
    const names = await machinesOf(this.#operator.host, request);
    const known = await this.#findSame(id, digest);
    if (known !== undefined) return viewRequest(known);
    const release = await this.#turns.take([`request ${id}`, ...names]);
    try {
      const meanwhile = await this.#findSame(id, digest);
      if (meanwhile !== undefined) {
        release();
        return viewRequest(meanwhile);
      }
      const begunMs = this.#operator.host.clock.nowMs();
      const record: RequestRecord = { id, kind: request.kind, digest, begunMs, results: [] };
      this.#start(await this.#operator.begin(request, record), release);
      return viewRequest(record);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Goes on with what an earlier process has left, or what did not get on. */
  async resume(): Promise<void> {
    for (const { key, tracks } of await this.#operator.journal.list()) {
      const names = tracks.map((track) => recordOf(track).machine.name);
      // Whoever has the turn of its machines is at it.
      if (!this.#turns.areFree(names)) continue;
      const release = await this.#turns.take(names);
      const operation = (await this.#operator.journal.list()).find((each) => each.key === key);
      if (operation === undefined) {
        release();
        continue;
      }
      this.#log.info({ kind: operation.kind, machines: names }, "going on with an interrupted operation");
      this.#start(operation, release);
    }
  }

  /** Throws NotFoundError. */
  async find(id: string): Promise<RequestView> {
    return viewRequest(await this.#record(id));
  }

  /** From the first step this process made to the end. Throws NotFoundError. */
  async follow(id: string, signal: AbortSignal): Promise<AsyncIterable<ProgressLine>> {
    await this.#record(id);
    const feed = (await this.#find(id))?.feed ?? endedFeed();
    return this.#followed(id, feed, signal);
  }

  /** Takes back what can be taken back. Throws NotFoundError, and where there is nothing under way to be taken back. */
  async cancel(id: string): Promise<RequestView> {
    const record = await this.#record(id);
    if (record.endedMs !== undefined) throw new PlimsollError("ENDED", `operation ${id}: has ended`);
    const running = await this.#find(id);
    if (running === undefined)
      throw new PlimsollError("STUCK", `operation ${id}: does not get on`, {
        hint: "it is tried again by itself; GET shows what is in its way",
      });
    running.cancelling.abort();
    return viewRequest(record);
  }

  /** When nothing runs any more. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  async *#followed(id: string, feed: Feed<ProgressLine>, signal: AbortSignal): AsyncGenerator<ProgressLine> {
    yield* feed.read(signal);
    if (!signal.aborted) yield { event: "end", operation: await this.find(id) };
  }

  #start(operation: Operation, release: () => void): void {
    const feed = new Feed<ProgressLine>();
    const cancelling = new AbortController();
    const over = this.#run(operation, watcherOf(feed), cancelling.signal).finally(() => {
      this.#running.delete(operation.key);
      release();
      feed.end();
    });
    this.#running.set(operation.key, { feed, cancelling, over });
  }

  async #run(operation: Operation, watcher: Watcher, signal: AbortSignal): Promise<void> {
    const { kind } = operation;
    try {
      const endings = await this.#operator.run(operation, watcher, signal);
      const machines = endings.map(({ track, state }) => `${recordOf(track).machine.name} ${state}`);
      this.#log.info({ kind, machines }, "operation ended");
    } catch (error) {
      // It is in the journal, and is gone on with.
      this.#log.error({ kind, operation: operation.key, problem: errorLine(error) }, "operation broke off");
    }
  }

  async #find(id: string): Promise<Running | undefined> {
    const operation = (await this.#operator.journal.list()).find(({ request }) => request === id);
    return operation === undefined ? undefined : this.#running.get(operation.key);
  }

  async #record(id: string): Promise<RequestRecord> {
    const { store, config } = this.#operator.host;
    const record = await findRequest(store, config.name, id);
    if (record !== undefined) return record;
    throw new NotFoundError(`operation ${id}: not found`);
  }

  async #findSame(id: string, digest: string): Promise<RequestRecord | undefined> {
    const { store, config } = this.#operator.host;
    const known = await findRequest(store, config.name, id);
    if (known === undefined || known.digest === digest) return known;
    throw new PlimsollError("ID_TAKEN", `operation ${id}: something else was asked for under this id`);
  }
}

function watcherOf(feed: Feed<ProgressLine>): Watcher {
  return {
    begin: (step, progress) => feed.push({ event: "begin", step, ...progress }),
    done: (step) => feed.push({ event: "done", step }),
  };
}

function endedFeed(): Feed<ProgressLine> {
  const feed = new Feed<ProgressLine>();
  feed.end();
  return feed;
}

/** As the API shows it. */
export function viewRequest({ id, kind, begunMs, endedMs, results }: RequestRecord): RequestView {
  return {
    ...{ id, kind, results },
    state: endedMs === undefined ? "running" : "ended",
    begun: new Date(begunMs).toISOString(),
    ended: endedMs === undefined ? null : new Date(endedMs).toISOString(),
  };
}
