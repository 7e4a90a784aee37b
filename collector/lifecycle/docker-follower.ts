import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { canonicalAddress } from "../identity.ts";
import type { Timeline } from "../inventory/timeline.ts";
import { type Container, type ContainerEvent, type DockerEngine, IP_LABEL } from "./docker-engine.ts";
import { Following } from "./following.ts";

export interface DockerFollowerOptions {
  readonly name: string;
  readonly engine: DockerEngine;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What of a container's life belongs into its machine's history; the rest (exec, top, attach …) is noise. */
const NOTED = /^(create|start|die|oom|destroy|pause|unpause|health_status)/;
/** From the attributes of an event. */
const DETAILS = ["name", "image", "exitCode"];

/**
 * Follows the containers of one engine. Between two connections events are lost: each begins with a
 * list, and what has changed since the last one is an event that was missed.
 */
export class DockerFollower {
  /** Noted events, by machine and what happened. */
  readonly counts: Map<string, { readonly ip: string; readonly event: string; count: number }> = new Map();
  readonly #options: DockerFollowerOptions;
  readonly #containers = new Map<string, Container>();
  readonly #following: Following;
  #hasListed = false;
  #lastEventMs = 0;

  constructor(options: DockerFollowerOptions) {
    this.#options = options;
    const { name, clock, log } = options;
    this.#following = new Following({ kind: "docker", which: { engine: name }, clock, log });
  }

  get name(): string {
    return this.#options.name;
  }

  get isConnected(): boolean {
    return this.#following.isConnected;
  }

  /** Undefined for an address that no container has had, and while the engine does not answer. */
  isRunning(ip: string): boolean | undefined {
    if (!this.#following.isConnected) return undefined;
    const mine = [...this.#containers.values()].filter((container) => container.ip === ip);
    if (mine.length > 0) return mine.some(({ isRunning }) => isRunning);
    return this.#gone.has(ip) ? false : undefined;
  }

  /** Addresses whose last container has been removed. */
  readonly #gone = new Set<string>();

  /** Until `signal` aborts; does not reject. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#following.run((until) => this.#follow(until), signal);
    await this.#options.engine.close();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, engine } = this.#options;
    const sinceMs = clock.nowMs();
    this.#reconcile(await engine.list());
    this.#following.connected();
    // What happened while the list was made is told again, and known by its time.
    for await (const event of engine.events(sinceMs, signal)) {
      if (event.atMs <= this.#lastEventMs) continue;
      this.#lastEventMs = event.atMs;
      await this.#take(event);
    }
  }

  /** Compares the list with what was known: the first one is the beginning, not news. */
  #reconcile(listed: readonly Container[]): void {
    const present = new Set(listed.map(({ id }) => id));
    for (const known of [...this.#containers.values()]) {
      if (present.has(known.id)) continue;
      this.#noteMissed(known, "destroy");
      this.#remove(known.id);
    }
    for (const container of listed) {
      const known = this.#containers.get(container.id);
      this.#put(container);
      const wasRunning = known?.isRunning ?? false;
      if (this.#hasListed && wasRunning !== container.isRunning)
        this.#noteMissed(
          this.#containers.get(container.id) ?? container,
          container.isRunning ? "start" : "die",
        );
    }
    this.#hasListed = true;
  }

  async #take({ id, action, atMs, attributes }: ContainerEvent): Promise<void> {
    if (!NOTED.test(action)) return;
    const known = this.#containers.get(id) ?? (await this.#find(id, attributes));
    if (known === undefined) return;
    if (action === "start" || action === "die") this.#put({ ...known, isRunning: action === "start" });
    // Docker gives an address when the container starts.
    const current = action === "start" && known.ip === undefined ? await this.#find(id, attributes) : known;
    const details = DETAILS.flatMap((name) =>
      attributes[name] === undefined ? [] : [[name, attributes[name]]],
    );
    this.#note(current ?? known, action, atMs, Object.fromEntries(details));
    if (action === "destroy") this.#remove(id);
  }

  /** A container that is not known yet. */
  async #find(id: string, attributes: ContainerEvent["attributes"]): Promise<Container | undefined> {
    const found = (await this.#options.engine.list()).find((container) => container.id === id);
    const label = attributes[IP_LABEL];
    const { name = id.slice(0, 12), image = "" } = attributes;
    const container =
      found ?? (label === undefined ? undefined : { id, name, image, ip: label, isRunning: false });
    if (container !== undefined) this.#put(container);
    return this.#containers.get(id);
  }

  /** One that has stopped has no address any more: it keeps the one it had. */
  #put(container: Container): void {
    const ip = canonicalAddress(container.ip) ?? this.#containers.get(container.id)?.ip;
    this.#containers.set(container.id, { ...container, ip });
    if (ip !== undefined) this.#gone.delete(ip);
  }

  #remove(id: string): void {
    const ip = this.#containers.get(id)?.ip;
    this.#containers.delete(id);
    const isLast = ![...this.#containers.values()].some((container) => container.ip === ip);
    if (ip !== undefined && isLast) this.#gone.add(ip);
  }

  #noteMissed(container: Container, action: string): void {
    const { name, image } = container;
    this.#note(container, action, this.#options.clock.nowMs(), { name, image, missed: "found by listing" });
  }

  #note({ ip }: Container, action: string, atMs: number, detail: Readonly<Record<string, string>>): void {
    if (ip === undefined) return;
    const [event = action, state] = action.split(/:\s*/);
    const key = `${ip} ${event}`;
    const entry = this.counts.get(key) ?? { ip, event, count: 0 };
    entry.count++;
    this.counts.set(key, entry);
    const more = state === undefined ? detail : { ...detail, state };
    void this.#options.timeline.add({ ip, atMs: Math.round(atMs), kind: `container-${event}`, detail: more });
  }
}
