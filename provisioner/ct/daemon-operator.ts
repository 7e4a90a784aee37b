import { randomUUID } from "node:crypto";
import { systemClock } from "../../core/runtime/clock.ts";
import { errnoOf, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { ApiClient, UNREACHABLE } from "../api/client.ts";
import type { Status } from "../api/routes/status.ts";
import type { HostConfig } from "../host/config.ts";
import type { Watcher } from "../operations/run.ts";
import type { ProgressLine, RequestView } from "../serve/desk.ts";
import type { Step } from "../step/steps.ts";
import type { Failure, Operator, Outcome } from "./operator.ts";
import type { ChangeRequest } from "./request.ts";
import type { MachineView } from "./views.ts";

/** How long a daemon that is being restarted is waited for: it goes on with what was asked. */
const RESTART_MS = 60_000;
const AGAIN_MS = 300;
/** How long who is interrupted waits until all is taken back; longer than an engine that hangs keeps the daemon. */
const TAKE_BACK_MS = 15_000;

/** The daemon that has this host, over its API. */
export class DaemonOperator implements Operator {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  plan(request: ChangeRequest, signal: AbortSignal): Promise<readonly Step[]> {
    return untilGivenUp(signal, 0, () => this.#client.call("POST", "/v1/plan", request));
  }

  async carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
    const id = randomUUID();
    // Whether it was heard shows in how the operation ends.
    const cancel = (): void => void this.#client.call("DELETE", `/v1/operations/${id}`).catch(() => {});
    signal.addEventListener("abort", cancel);
    try {
      return await untilGivenUp(signal, TAKE_BACK_MS, async (givenUp) => {
        await patiently(givenUp, () => this.#client.call("POST", "/v1/operations", request, id));
        if (signal.aborted) cancel();
        const { results } = await patiently(givenUp, (isThere) => this.#follow(id, watcher, isThere));
        const done = results.filter(({ state }) => state === "done").map(({ name }) => name);
        const machines = request.kind === "destroy" ? [] : await this.#show(done);
        const failures = results.filter((result): result is Failure => result.state !== "done");
        return { done, machines, failures };
      });
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #follow(id: string, watcher: Watcher, isThere: () => void): Promise<RequestView> {
    for await (const line of this.#client.stream<ProgressLine>(`/v1/operations/${id}/progress`)) {
      isThere();
      if (line.event === "end") return line.operation;
      if (line.event === "begin") watcher.begin(line.step, line);
      else watcher.done(line.step);
    }
    throw new PlimsollError(UNREACHABLE, "plimsoll serve: it ended while it worked", {
      hint: "what it has begun is gone on with by the next; plimsoll ct list shows it",
    });
  }

  async #show(names: readonly string[]): Promise<readonly MachineView[]> {
    const all = await this.#client.call<readonly MachineView[]>("GET", "/v1/machines");
    return all.filter(({ name }) => names.includes(name));
  }
}

/** Undefined when no daemon runs. Throws UsageError when it is not the one of this host and store. */
export async function findDaemon(
  { socket, name }: HostConfig,
  storeName: string,
): Promise<DaemonOperator | undefined> {
  const client = new ApiClient(socket);
  const status = await client.find<Status>("/v1/status");
  if (status === undefined) {
    await client.close();
    return undefined;
  }
  if (status.host === name && status.store === storeName) return new DaemonOperator(client);
  await client.close();
  throw new UsageError(
    `plimsoll serve: runs here for host ${status.host} and store ${status.store}, not for ${name} and ${storeName}`,
  );
}

/** `attempt`, but for so long only once `signal` has aborted: the daemon goes on without us. */
async function untilGivenUp<T>(
  signal: AbortSignal,
  ms: number,
  attempt: (givenUp: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const giveUp = async (): Promise<never> => {
    await systemClock.sleep(ms, over.signal);
    over.abort();
    throw new PlimsollError("INTERRUPTED", "plimsoll serve: has not taken it back yet", {
      hint: "plimsoll ct list shows how far it is",
    });
  };
  const interrupted = new Promise<never>((_, reject) => {
    const hear = (): void => void giveUp().catch(reject);
    if (signal.aborted) hear();
    else signal.addEventListener("abort", hear, { signal: over.signal });
  });
  try {
    return await Promise.race([attempt(over.signal), interrupted]);
  } finally {
    over.abort();
  }
}

/** Tries again while nobody answers, for so long since somebody last did. */
async function patiently<T>(givenUp: AbortSignal, attempt: (isThere: () => void) => Promise<T>): Promise<T> {
  let lostMs: number | undefined;
  const isThere = (): void => {
    lostMs = undefined;
  };
  for (;;) {
    try {
      return await attempt(isThere);
    } catch (error) {
      const nowMs = systemClock.monotonicMs();
      lostMs ??= nowMs;
      const isOver = givenUp.aborted || nowMs - lostMs > RESTART_MS;
      if (errnoOf(error) !== UNREACHABLE || isOver) throw error;
      await systemClock.sleep(AGAIN_MS);
    }
  }
}
