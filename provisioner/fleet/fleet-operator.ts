import type { Clock } from "../../core/runtime/clock.ts";
import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Failure, Operator, Outcome } from "../ct/operator.ts";
import { type ChangeRequest, type CreateRequest, specsOf } from "../ct/request.ts";
import type { MachineView } from "../ct/views.ts";
import { listMachines, readMachine } from "../machines/machines.ts";
import type { MachineSpec } from "../machines/parse-spec.ts";
import type { RequestResult } from "../operations/requests.ts";
import type { Watcher } from "../operations/run.ts";
import type { Step } from "../step/steps.ts";
import type { Store } from "../store/types.ts";
import { type Ask, newAsk, putAsk } from "./asks.ts";
import { isGivenUp, openParts, untilTakenBack } from "./batches.ts";
import { beatKey } from "./documents.ts";
import { Errand, UNDER_WAY } from "./errand.ts";
import { type Fleet, readFleet } from "./hosts.ts";
import { placeAsks } from "./place.ts";
import { type PlacementRequest, type PlacementRules, planPlacement, renderRefusal } from "./placement.ts";
import { beginWaiting } from "./waiting.ts";

export interface FleetParts {
  readonly store: Store;
  readonly clock: Clock;
  /** The host that this process is on. */
  readonly here: string;
  /** Who changes the machines of this host. */
  local<T>(use: (operator: Operator) => Promise<T>): Promise<T>;
  look(names: readonly string[]): Promise<readonly MachineView[]>;
}

/** What is for one host. */
interface Part {
  readonly host: string;
  readonly request: ChangeRequest;
  readonly names: readonly string[];
  /** Where it is asked already. */
  readonly ask?: Ask;
}

const SILENT: Watcher = { begin: () => {}, done: () => {} };

/** The machines of all hosts: each part of a request goes to the host whose it is, and new ones where there is room. */
export class FleetOperator implements Operator {
  readonly #parts: FleetParts;
  readonly #rules: PlacementRules;

  constructor(parts: FleetParts, rules: PlacementRules) {
    this.#parts = parts;
    this.#rules = rules;
  }

  async plan(request: ChangeRequest, signal: AbortSignal): Promise<readonly Step[]> {
    const { store } = this.#parts;
    const parts =
      request.kind === "create"
        ? partsOf(this.#place(request, await readFleet(store)).asks)
        : await divideByHost(store, this.#parts.here, request);
    const steps = await Promise.all(parts.map((part) => this.#planPart(part, signal)));
    return steps.flat();
  }

  async carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
    const { parts, refused } = await this.#divide(request);
    const results = (
      await Promise.all(parts.map((part) => this.#doPart(part, parts.length, watcher, signal)))
    ).flat();
    const isTogether = request.kind === "create" && request.partial !== true;
    const kept = isTogether ? await this.#allOrNone(results, parts, signal) : results;
    const done = kept.filter(({ state }) => state === "done").map(({ name }) => name);
    const failures = kept.filter((result): result is Failure => result.state !== "done");
    return {
      done,
      machines: request.kind === "destroy" ? [] : await this.#parts.look(done),
      failures: [...failures, ...refused],
    };
  }

  /** New machines are asked for at once: from then on they have their room. */
  async #divide(
    request: ChangeRequest,
  ): Promise<{ readonly parts: readonly Part[]; readonly refused: readonly Failure[] }> {
    const { store, clock, here } = this.#parts;
    if (request.kind !== "create") return { parts: await divideByHost(store, here, request), refused: [] };
    let refused: readonly Failure[] = [];
    const place = (fleet: Fleet): readonly Ask[] => {
      const placed = this.#place(request, fleet);
      refused = placed.refused;
      return placed.asks;
    };
    const asks = await placeAsks(store, clock, place, request.partial !== true);
    return { parts: partsOf(asks), refused };
  }

  #place(
    request: CreateRequest,
    { hosts }: Fleet,
  ): { readonly asks: readonly Ask[]; readonly refused: readonly Failure[] } {
    const specs = specsOf(request, Math.max(1, ...hosts.map(({ capacity }) => capacity.cpus)));
    const rules = { ...this.#rules, partial: request.partial === true };
    const { placed, refused } = planPlacement(hosts, specs.map(toRequest), rules);
    const [first, ...others] = refused;
    if (first !== undefined && placed.length === 0)
      throw new PlimsollError("NO_HOST", renderRefusal(first), {
        hint: `${others.length > 0 ? `and ${others.length} more; ` : ""}plimsoll host list shows what is free`,
      });
    const chosen = [...new Set(placed.map(({ host }) => host))];
    const asks = chosen.map((host) => {
      const names = placed.filter((each) => each.host === host).map(({ name }) => name);
      const { count: _, ...rest } = request;
      return newAsk(host, "operation", { ...rest, names });
    });
    const failures = refused.map((refusal): Failure => {
      const { name, why } = refusal;
      return { name, state: "undone", error: `no host for it: ${why.join(", ")}` };
    });
    return { asks, refused: failures };
  }

  /** One that is refused as a whole is refused for each of its machines, unless there is nothing beside it. */
  async #doPart(
    part: Part,
    of: number,
    watcher: Watcher,
    signal: AbortSignal,
  ): Promise<readonly RequestResult[]> {
    try {
      return await this.#resultsOf(part, watcher, signal);
    } catch (error) {
      if (of === 1) throw error;
      const state = errnoOf(error) === UNDER_WAY ? "stuck" : "undone";
      return part.names.map((name) => ({ name, state, error: errorLine(error) }));
    }
  }

  async #resultsOf(part: Part, watcher: Watcher, signal: AbortSignal): Promise<readonly RequestResult[]> {
    const { store, clock, here, local } = this.#parts;
    if (part.ask === undefined && part.host === here) {
      const { done, failures } = await local((operator) => operator.carryOut(part.request, watcher, signal));
      return [...done.map((name): RequestResult => ({ name, state: "done" })), ...failures];
    }
    const ask = part.ask ?? (await this.#post(newAsk(part.host, "operation", part.request)));
    return (await new Errand(store, clock, ask, watcher).operation(signal)).results;
  }

  async #planPart({ host, request, ask }: Part, signal: AbortSignal): Promise<readonly Step[]> {
    const { store, clock, here, local } = this.#parts;
    if (ask === undefined && host === here) return local((operator) => operator.plan(request, signal));
    const question = await this.#post(newAsk(host, "plan", request));
    return new Errand(store, clock, question, SILENT).plan<readonly Step[]>(signal);
  }

  /** Not asked in vain: what nobody takes would be waited for. */
  async #post(ask: Ask): Promise<Ask> {
    const { store } = this.#parts;
    if ((await store.get(beatKey(ask.host))) === undefined)
      throw new PlimsollError("LOST", `host ${ask.host}: is lost: its daemon does not report`, {
        hint: "its machines stay its own, and go on when it returns; plimsoll host list",
      });
    const put = putAsk(ask);
    const revision = await store.transact({ expect: [{ key: put.key, revision: 0 }], put: [put] });
    return { ...ask, revision: revision ?? 0 };
  }

  /**
   * Each host makes all of its part or nothing; where one has made nothing, the others' daemons take theirs back. As long
   * as of one nobody knows, the others keep theirs.
   */
  async #allOrNone(
    results: readonly RequestResult[],
    parts: readonly Part[],
    signal: AbortSignal,
  ): Promise<readonly RequestResult[]> {
    const { store, clock } = this.#parts;
    const done = results.filter(({ state }) => state === "done");
    const id = parts[0]?.ask?.id;
    if (id === undefined || done.length === 0 || done.length === results.length) return results;
    const batch = await untilTakenBack(store, clock, id, beginWaiting(clock, signal));
    if (batch !== undefined && !isGivenUp(batch)) return results;
    const left = batch === undefined ? [] : openParts(batch);
    const machines = await listMachines(store);
    return results.map((result): RequestResult => {
      if (result.state !== "done") return result;
      const { name } = result;
      const part = left.find(({ names }) => names.includes(name));
      if (part !== undefined) return { name, state: "stuck", error: renderLeft(part.host) };
      return machines.some(({ machine }) => machine.name === name) ? result : { name, state: "undone" };
    });
  }
}

function renderLeft(host: string): string {
  return `host ${host} has not taken it back yet (hint: its daemon goes on with it; plimsoll ct batches)`;
}

/** Where each machine of a request is. No names are all of this host. */
export async function divideByHost(
  store: Store,
  here: string,
  request: Exclude<ChangeRequest, { readonly kind: "create" }>,
): Promise<readonly Part[]> {
  if (request.names.length === 0) return [{ host: here, request, names: [] }];
  const names = [...new Set(request.names)];
  const found = await Promise.all(names.map((name) => readMachine(store, name)));
  return [...new Set(found.map(({ host }) => host))].map((host) => {
    const own = found.filter((each) => each.host === host).map(({ machine }) => machine.name);
    return { host, request: { ...request, names: own }, names: own };
  });
}

/** Whether a request is for more than the machines of this host. `on` is where new ones must be. */
export async function concernsFleet(
  store: Store,
  here: string,
  request: ChangeRequest,
  on?: string,
): Promise<boolean> {
  if (!store.isShared) return false;
  if (request.kind === "create") {
    const { hosts } = await readFleet(store);
    // Without its daemon a host makes its own as one that is alone does.
    if (on === here) return hosts.some(({ name, state }) => name === here && state !== "lost");
    return on !== undefined || hosts.length > 0;
  }
  const names = new Set(request.names);
  return (await listMachines(store)).some(({ machine, host }) => names.has(machine.name) && host !== here);
}

function partsOf(asks: readonly Ask[]): readonly Part[] {
  return asks.map((ask) => {
    const { host, request } = ask;
    return { host, request, names: request.kind === "create" ? (request.names ?? []) : request.names, ask };
  });
}

function toRequest({ name, image, cpus, memoryBytes, disk }: MachineSpec): PlacementRequest {
  return { name, image, needs: { cpus, memoryBytes, diskBytes: disk.bytes } };
}
