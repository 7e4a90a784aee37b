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

/** The daemon that has this host, over its API. */
export class DaemonOperator implements Operator {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  plan(request: ChangeRequest): Promise<readonly Step[]> {
    return this.#client.call("POST", "/v1/plan", request);
  }

  async carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
    const id = randomUUID();
    await patiently(() => this.#client.call("POST", "/v1/operations", request, id));
    // Whether it was heard shows in how the operation ends.
    const cancel = (): void => void this.#client.call("DELETE", `/v1/operations/${id}`).catch(() => {});
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    try {
      const { results } = await patiently((isThere) => this.#follow(id, watcher, isThere));
      const done = results.filter(({ state }) => state === "done").map(({ name }) => name);
      const machines = request.kind === "destroy" ? [] : await this.#show(done);
      const failures = results.filter((result): result is Failure => result.state !== "done");
      return { done, machines, failures };
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

/** Tries again while nobody answers, for so long since somebody last did. */
async function patiently<T>(attempt: (isThere: () => void) => Promise<T>): Promise<T> {
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
      if (errnoOf(error) !== UNREACHABLE || nowMs - lostMs > RESTART_MS) throw error;
      await systemClock.sleep(AGAIN_MS);
    }
  }
}
