import { readPidStat } from "../../core/kernel/proc/pid-stat.ts";
import { backoffMs } from "../../core/runtime/backoff.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { ShimStatus } from "../operate/status.ts";
import { countOutcomes, isNoContainer, type Treatment, treatProcess } from "./attach.ts";
import { type HostMounts, readHostMounts } from "./container-process.ts";
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
/** A runtime changes root and /proc in a mount namespace that is there already: the first look may come in between. */
const LOOKS = 2;
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
  readonly #running = new Map<number, Promise<unknown>>();
  /** How often scans have looked at each process, for the shim of now. */
  #looks: ReadonlyMap<string, number> = new Map();
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
    const { root, treatmentBy } = this.#options;
    this.#host = readHostMounts(root);
    const looks = new Map<string, number>();
    for (const { pid, container } of await findContainers(this.#options, this.#host)) {
      if (signal.aborted) return;
      const process = `${pid} ${readPidStat(root, pid)?.startTicks} ${shim.connection}`;
      const before = this.#looks.get(process);
      const look = (): Promise<boolean> =>
        this.#cover(pid, { container, isKnown: before !== undefined }, treatmentBy(shim));
      looks.set(process, before === LOOKS ? LOOKS : (before ?? 0) + ((await look()) ? 1 : 0));
    }
    this.#looks = looks;
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

  /** Treats one container after whatever is under way there. Resolves with whether nothing is left to be done. */
  #cover(pid: number, about: About, treatment: Treatment): Promise<boolean> {
    const before = this.#running.get(pid) ?? Promise.resolve();
    const covered = before
      .then(() => this.#coverNow(pid, about, treatment))
      .finally(() => {
        if (this.#running.get(pid) === covered) this.#running.delete(pid);
      });
    this.#running.set(pid, covered);
    return covered;
  }

  async #coverNow(pid: number, about: About, treatment: Treatment): Promise<boolean> {
    const { root, log, clock } = this.#options;
    const { container, atMs, isKnown = false } = about;
    const complain = isKnown ? log.debug : log.warn;
    try {
      const counts = countOutcomes(await treatProcess(root, pid, this.#host, treatment));
      const afterMs = atMs === undefined ? {} : { afterMs: Math.round(clock.nowMs() - atMs) };
      const fields = { containerPid: pid, container, ...counts, ...afterMs };
      if (counts.failed !== undefined) complain.call(log, fields, "partly covered");
      else if (counts.placed !== undefined || counts.replaced !== undefined) log.info(fields, "covered");
      return counts.failed === undefined;
    } catch (error) {
      if (isNoContainer(error)) return true;
      complain.call(log, { containerPid: pid, container, problem: errorLine(error) }, "not covered");
      return false;
    }
  }
}

interface About {
  readonly container?: string | undefined;
  /** When it started, where that was told. */
  readonly atMs?: number | undefined;
  /** What is wrong has been said before. */
  readonly isKnown?: boolean;
}
