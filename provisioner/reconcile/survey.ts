import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ContainerSummary } from "../docker/engine.ts";
import { cookieOf } from "../drivers/flows.ts";
import { identityFolder } from "../executors/identity.ts";
import { LABEL } from "../executors/names.ts";
import type { Host } from "../host/host.ts";
import type { FoundMachine } from "../machines/machines.ts";
import type { Orphan } from "./orphans.ts";

/** What one look over the whole host tells. */
export interface Survey {
  /** By machine: all that is cheap to see of it. What has not changed since it was well is well. */
  readonly prints: ReadonlyMap<string, string>;
  readonly orphans: readonly Orphan[];
}

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/**
 * Looks at everything at once: one request to the engine, one command for the flows, one read of the
 * mounts, two small files for each machine's addresses and routes. Looking at 200 machines one by one
 * would start 400 programs. What is not seen here (limits, namespaces) the engine's events tell.
 */
export class Surveyor {
  readonly #host: Host;
  /** Of holders, by the ids of their containers: an engine's list does not have them. */
  readonly #pids = new Map<string, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** `machines` are those of all hosts. */
  async survey(machines: readonly FoundMachine[]): Promise<Survey> {
    const { docker, ovs, attachments, config } = this.#host;
    const containers = groupBy(await docker.listContainers(LABEL.machine), ({ labels }) => [
      labels[LABEL.machine] ?? "",
    ]);
    const ports = groupBy(ovs.listOurPorts(), ({ owner }) => [owner.id]);
    const flows = await attachments.countFlows(config.bridge);
    const mounts = groupBy(readFileSync("/proc/self/mountinfo", "utf8").split("\n"), (line) => [
      ...new Set(line.match(UUID)),
    ]);
    const prints = new Map<string, string>();
    for (const { machine, host, revision } of machines) {
      if (host !== config.name) continue;
      const { id } = machine;
      const own = containers.get(id) ?? [];
      const parts = [
        revision,
        own.map((each) => `${each.id} ${each.isRunning}`).sort(),
        ports.get(id),
        flows.get(cookieOf(id)),
        mounts.get(id),
        changeOf(join(identityFolder(config.data, id), "identity.json")),
        await this.#readNetwork(own),
      ];
      prints.set(id, JSON.stringify(parts));
    }
    const known = new Set(machines.map(({ machine }) => machine.id));
    return { prints, orphans: findOrphans(known, containers, ports) };
  }

  /** Addresses and routes of the namespace, as its holder sees them. */
  async #readNetwork(containers: readonly ContainerSummary[]): Promise<string> {
    const holder = containers.find(({ labels }) => labels[LABEL.generation] === undefined);
    if (holder?.isRunning !== true) return "";
    const pid = this.#pids.get(holder.id) ?? (await this.#host.docker.initPid(holder.id));
    try {
      const text = ["route", "fib_trie"].map((file) => readFileSync(`/proc/${pid}/net/${file}`, "utf8"));
      this.#pids.set(holder.id, pid);
      return text.join("");
    } catch {
      // It has another process now, or none: next time it is asked for.
      this.#pids.delete(holder.id);
      return `no process ${pid}`;
    }
  }
}

/** Addresses are never among them: only their owner's end frees one. */
function findOrphans(
  known: ReadonlySet<string>,
  containers: ReadonlyMap<string, readonly ContainerSummary[]>,
  ports: ReadonlyMap<string, readonly { readonly name: string }[]>,
): readonly Orphan[] {
  const strangers = <T>(groups: ReadonlyMap<string, readonly T[]>): readonly (readonly [string, T])[] =>
    [...groups]
      .filter(([owner]) => !known.has(owner))
      .flatMap(([owner, each]) => each.map((one) => [owner, one] as const));
  return [
    // Ports first: a card that dies with its namespace has the userspace datapath spin.
    ...strangers(ports).map(([owner, { name }]): Orphan => ({ kind: "port", what: name, owner })),
    ...strangers(containers).map(([owner, { id }]): Orphan => ({ kind: "container", what: id, owner })),
  ];
}

function changeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function groupBy<T>(
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}
