import type { Series } from "../../core/metrics/series.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Timeline } from "../inventory/timeline.ts";
import { Announcements } from "./announcements.ts";
import { openDockerEngine } from "./docker-engine.ts";
import { DockerFollower } from "./docker-follower.ts";
import { openProvisionerClient, type Requested } from "./provisioner-client.ts";
import { ProvisionerFollower } from "./provisioner-follower.ts";
import { Watch } from "./watch.ts";

export interface Lifecycle {
  readonly announcements: Announcements;
  readonly watch: Watch;
  readonly followers: readonly DockerFollower[];
  readonly provisioners: readonly ProvisionerFollower[];
  /** What was asked for of a machine; undefined where nobody says. */
  requested(ip: string): Requested | undefined;
  close(): Promise<void>;
}

/** What there is to be told of it. */
export interface LifecycleView {
  readonly watch: Pick<Watch, "state">;
  readonly followers: readonly Pick<DockerFollower, "name" | "isConnected" | "counts">[];
  readonly provisioners: readonly Pick<ProvisionerFollower, "name" | "isConnected" | "requested">[];
}

interface LifecycleParts {
  readonly inventory: Inventory;
  readonly timeline: Timeline;
  /** Sockets of Docker engines. */
  readonly docker: readonly string[];
  /** Sockets of provisioners. */
  readonly provisioner: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_MS = 5_000;

/** Everything that finds out what becomes of machines. */
export function openLifecycle({ docker, provisioner, ...parts }: LifecycleParts): Lifecycle {
  const { inventory, timeline, clock, log } = parts;
  const announcements = new Announcements(timeline, clock);
  announcements.recall([...inventory.machines()].map(({ ip }) => ip));
  const stop = new AbortController();
  const followers = docker.map(
    (socket) => new DockerFollower({ name: socket, engine: openDockerEngine(socket), timeline, clock, log }),
  );
  const provisioners = provisioner.map(
    (socket) => new ProvisionerFollower({ name: socket, client: openProvisionerClient(socket), ...parts }),
  );
  const runs = [...followers, ...provisioners].map((follower) => follower.run(stop.signal));
  const isRunning = (ip: string): boolean | undefined =>
    followers.map((follower) => follower.isRunning(ip)).find((known) => known !== undefined);
  const watch = new Watch({ inventory, timeline, announcements, isRunning, clock });
  const timer = setInterval(() => watch.look(), LOOK_MS);
  return {
    announcements,
    watch,
    followers,
    provisioners,
    requested: (ip) =>
      provisioners.map(({ requested }) => requested.get(ip)).find((known) => known !== undefined),
    close: async () => {
      clearInterval(timer);
      stop.abort();
      await Promise.all(runs);
    },
  };
}

const STATE_HELP =
  "1, with what is known of the machine: reporting, silent, stopped, host-away, planned or released.";

/** What alerts are made of: one state for each machine, so that no rule has to guess from missing samples. */
export function* lifecycleSeries(
  { watch, followers, provisioners }: LifecycleView,
  inventory: Inventory,
  nowMs: number,
): Generator<Series> {
  const gauge = (name: string, help: string, labels: Series["labels"], value: number): Series => ({
    ...{ name, kind: "gauge", help, labels, samples: [{ timestampMs: nowMs, value }] },
  });
  for (const history of inventory.machines()) {
    const { ip: instance, lastSeenMs, generations } = history;
    const labels = { instance, ip: instance };
    yield gauge("plimsoll_machine_state", STATE_HELP, { ...labels, state: watch.state(history) }, 1);
    yield gauge(
      "plimsoll_machine_last_seen_seconds",
      "When the machine was heard of last.",
      labels,
      lastSeenMs / 1000,
    );
    yield gauge(
      "plimsoll_machine_generations",
      "Containers that have been this machine.",
      labels,
      generations.length,
    );
  }
  for (const { name, isConnected } of followers) {
    const help = "Whether the container engine tells its events.";
    yield gauge("plimsoll_collector_docker_up", help, { engine: name }, Number(isConnected));
  }
  for (const { name, isConnected, requested } of provisioners) {
    const help = "Whether the provisioner tells of its machines.";
    yield gauge("plimsoll_collector_provisioner_up", help, { provisioner: name }, Number(isConnected));
    for (const [ip, { cpu, memory, disk }] of requested) {
      const labels = { instance: ip, ip };
      yield gauge("plimsoll_requested_cpus", "CPUs asked for of the machine.", labels, cpu);
      yield gauge("plimsoll_requested_memory_bytes", "Memory asked for of the machine.", labels, memory);
      yield gauge("plimsoll_requested_disk_bytes", "Disk asked for of the machine.", labels, disk);
    }
  }
  for (const { ip, event, count } of followers.flatMap(({ counts }) => [...counts.values()])) {
    const help = "Events of the machine's container, by what happened.";
    const labels = { instance: ip, ip, event };
    yield { ...gauge("plimsoll_machine_container_events_total", help, labels, count), kind: "counter" };
  }
}
