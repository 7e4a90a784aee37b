import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { ShimStatus } from "../operate/status.ts";
import { countOutcomes, isNoContainer, type Treatment, treatProcess } from "./attach.ts";
import { type ContainerProcess, type HostMounts, readHostMounts } from "./container-process.ts";
import type { DockerContainer } from "./docker-engine.ts";
import { findContainers, type Search } from "./find-containers.ts";

export interface WatchOptions extends Search {
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined while none runs. */
  findShim(): Promise<Pick<ShimStatus, "mountPoint" | "connection"> | undefined>;
  treatmentBy(shim: Pick<ShimStatus, "mountPoint">): Treatment;
}

/** Docker tells of its containers when they start. All others, and those whose shim has died, are looked for this often. */
const SCAN_MS = 5000;
const RETRY = { firstMs: 100, longestMs: 2000 } as const;

/** Keeps every container of the host attached until `signal` aborts; does not reject. What is attached then stays so. */
export async function watchContainers(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const watcher = new Watcher(options);
  await Promise.all([watcher.scanAgainAndAgain(signal), watcher.followDocker(signal)]);
  await watcher.idle();
}

class Watcher {
  readonly #options: WatchOptions;
  #host: HostMounts;
  /** What is under way, by process: two at once would mount everything twice. */
  readonly #running = new Map<number, Promise<void>>();
  /** Containers as the last scan left them; one whose /proc or shim is another one since is looked at again. */
  #seen: ReadonlySet<string> = new Set();
  #hasShim = true;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#host = readHostMounts(options.root);
  }

  async scanAgainAndAgain(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      await this.#scan(signal).catch((error: unknown) => {
        log.debug({ problem: errorLine(error) }, "not looked for containers"); // whoever follows Docker has said it
      });
      await clock.sleep(SCAN_MS, signal);
    }
  }

  async followDocker(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let failures = 0;
    const hasAnswered = (): void => {
      if (failures > 0) log.info({}, "docker answers again");
      failures = 0;
    };
    while (!signal.aborted) {
      try {
        await this.#followOnce(hasAnswered, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ === 0) log.warn({ problem: errorLine(error) }, "docker does not answer");
      }
      await clock.sleep(backoffMs(RETRY, Math.max(failures, 1), undefined, Math.random()), signal);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const shim = await this.#findShim();
    if (shim === undefined) return;
    this.#host = readHostMounts(this.#options.root);
    const seen = new Set<string>();
    for (const { pid, container } of await findContainers(this.#options, this.#host)) {
      if (signal.aborted) return;
      await this.#cover(pid, { container }, async (container) => {
        const state = `${container.mountNamespace} ${procMountOf(container)} ${shim.connection}`;
        const files = this.#seen.has(state) ? [] : await this.#options.treatmentBy(shim)(container);
        seen.add(state);
        return files;
      });
    }
    this.#seen = seen;
  }

  /** Between two connections starts are lost: each begins with a list. */
  async #followOnce(hasAnswered: () => void, signal: AbortSignal): Promise<void> {
    const { docker, clock } = this.#options;
    const sinceMs = clock.nowMs();
    const running = await docker.running();
    hasAnswered();
    for (const container of running) void this.#coverDocker(container);
    for await (const start of docker.starts(sinceMs, signal)) void this.#coverDocker(start);
  }

  async #coverDocker({ id, name, atMs }: DockerContainer & { readonly atMs?: number }): Promise<void> {
    const { docker, log, treatmentBy } = this.#options;
    try {
      const [pid, shim] = await Promise.all([docker.initPid(id), this.#findShim()]);
      if (shim !== undefined) await this.#cover(pid, { container: name, atMs }, treatmentBy(shim));
    } catch (error) {
      if (!isNoContainer(error)) log.warn({ container: name, problem: errorLine(error) }, "not covered");
    }
  }

  async #findShim(): ReturnType<WatchOptions["findShim"]> {
    const { findShim, log } = this.#options;
    const shim = await findShim();
    if (shim === undefined && this.#hasShim) log.warn({}, "no shim runs: containers wait for one");
    if (shim !== undefined && !this.#hasShim) log.info({ mountPoint: shim.mountPoint }, "a shim runs");
    this.#hasShim = shim !== undefined;
    return shim;
  }

  /** Treats one container after whatever is under way there. Does not reject. */
  #cover(pid: number, about: About, treatment: Treatment): Promise<void> {
    const before = this.#running.get(pid) ?? Promise.resolve();
    const covered = before
      .then(() => this.#coverNow(pid, about, treatment))
      .finally(() => {
        if (this.#running.get(pid) === covered) this.#running.delete(pid);
      });
    this.#running.set(pid, covered);
    return covered;
  }

  async #coverNow(pid: number, { container, atMs }: About, treatment: Treatment): Promise<void> {
    const { root, log, clock } = this.#options;
    try {
      const files = await treatProcess(root, pid, this.#host, treatment);
      const counts = countOutcomes(files);
      const afterMs = atMs === undefined ? {} : { afterMs: Math.round(clock.nowMs() - atMs) };
      const fields = { containerPid: pid, container, ...counts, ...afterMs };
      if (counts.failed !== undefined) log.warn(fields, "partly covered");
      else if (counts.placed !== undefined || counts.replaced !== undefined) log.info(fields, "covered");
    } catch (error) {
      if (!isNoContainer(error))
        log.warn({ containerPid: pid, container, problem: errorLine(error) }, "not covered");
    }
  }
}

interface About {
  readonly container?: string | undefined;
  /** When it started, where that was told. */
  readonly atMs?: number | undefined;
}

/** A runtime mounts /proc, and changes the root, in a namespace that is there already. */
function procMountOf({ mounts }: ContainerProcess): number | undefined {
  return mounts.findLast(({ mountPoint }) => mountPoint === "/proc")?.id;
}
