import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Timeline } from "../inventory/timeline.ts";
import { Following } from "./following.ts";
import type { Placed, PlacementEvent, ProvisionerClient, Requested } from "./provisioner-client.ts";

export interface ProvisionerFollowerOptions {
  readonly name: string;
  readonly client: ProvisionerClient;
  readonly timeline: Pick<Timeline, "add">;
  readonly inventory: Pick<Inventory, "release">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Of a store with many hosts, each of which keeps the last thousand events. */
const MAX_SEEN = 50_000;

/**
 * Follows the machines of a provisioner's store: what was asked for of each, and what is done with it. It tells all
 * events that it keeps to whoever connects: those known already, or from before our time, are passed over.
 */
export class ProvisionerFollower {
  readonly #options: ProvisionerFollowerOptions;
  readonly #sinceMs: number;
  readonly #seen = new Set<string>();
  #placed: ReadonlyMap<string, Placed> = new Map();
  #requested: ReadonlyMap<string, Requested> = new Map();
  readonly #following: Following;

  constructor(options: ProvisionerFollowerOptions) {
    this.#options = options;
    const { name, clock, log } = options;
    this.#following = new Following({ kind: "provisioner", which: { provisioner: name }, clock, log });
    this.#sinceMs = options.clock.nowMs();
  }

  get name(): string {
    return this.#options.name;
  }

  get isConnected(): boolean {
    return this.#following.isConnected;
  }

  /** By address, as last heard: also while the provisioner is away. */
  get requested(): ReadonlyMap<string, Requested> {
    return this.#requested;
  }

  /** Until `signal` aborts; does not reject. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#following.run((until) => this.#follow(until), signal);
    await this.#options.client.close();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    await this.#list();
    this.#following.connected();
    for await (const event of client.events(signal)) {
      const key = keyOf(event);
      if (event.atMs < this.#sinceMs || this.#seen.has(key)) continue;
      await this.#take(event);
      this.#remember(key);
    }
  }

  async #list(): Promise<void> {
    const placed = await this.#options.client.list();
    this.#placed = new Map(placed.map((one) => [one.name, one]));
    this.#requested = new Map(
      placed.flatMap(({ ip, requested }) => (ip === undefined ? [] : [[ip, requested] as const])),
    );
  }

  #remember(key: string): void {
    const [oldest] = this.#seen;
    if (this.#seen.size >= MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.add(key);
  }

  /** One that is destroyed is in the list before, one that is created in the one after. */
  async #take({ atMs, kind, state, name, text }: PlacementEvent): Promise<void> {
    const before = this.#placed.get(name ?? "");
    await this.#list();
    const ip = this.#placed.get(name ?? "")?.ip ?? before?.ip;
    if (ip === undefined) return;
    const detail = { state, ...(text === undefined ? {} : { text }) };
    void this.#options.timeline.add({ ip, atMs, kind: `machine-${kind}`, detail });
    if (kind === "destroy" && state === "done") await this.#options.inventory.release(ip, "destroyed");
  }
}

function keyOf({ atMs, host, kind, state, name }: PlacementEvent): string {
  return JSON.stringify([atMs, host, kind, state, name]);
}
