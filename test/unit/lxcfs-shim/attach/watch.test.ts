import { afterAll, describe, expect, test } from "vitest";
import { NotFoundError, PlimsollError } from "../../../../core/runtime/errors.ts";
import type { ContainerStart, DockerEngine } from "../../../../lxcfs-shim/attach/docker-engine.ts";
import type { MountedFile } from "../../../../lxcfs-shim/attach/mount-files.ts";
import { watchContainers } from "../../../../lxcfs-shim/attach/watch.ts";
import { AttachHost } from "../../../support/attach-host.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const PLACED: readonly MountedFile[] = [{ path: "/proc/meminfo", outcome: "placed" }];
const SCAN_MS = 5000;

/** A Docker engine that is told what happens; it answers until `goes`. */
class ToldDocker implements DockerEngine {
  readonly pids = new Map<string, number>();
  isUp = true;
  #wake: () => void = () => {};
  #pending: ContainerStart[] = [];

  running = async () => {
    if (!this.isUp) throw new PlimsollError("DOCKER", "no engine answers");
    return [...this.pids.keys()].map((id) => ({ id, name: `name-${id}` }));
  };
  initPid = async (id: string) => {
    const pid = this.pids.get(id);
    if (pid === undefined) throw new NotFoundError("does not run");
    return pid;
  };
  async *starts(_sinceMs: number, signal: AbortSignal): AsyncGenerator<ContainerStart> {
    signal.addEventListener("abort", () => this.#wake());
    while (this.isUp && !signal.aborted) {
      yield* this.#pending.splice(0);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    throw new PlimsollError("DOCKER", "the connection broke");
  }
  tell(start: ContainerStart): void {
    this.#pending.push(start);
    this.#wake();
  }
  goes(): void {
    this.isUp = false;
    this.#wake();
  }
}

interface Shim {
  readonly mountPoint: string;
  readonly connection: number;
}

const SHIM: Shim = { mountPoint: "/srv/shim", connection: 39 };

const twice = (text: string): readonly string[] => [text, text];

interface Given {
  readonly shim?: Shim | undefined;
  readonly files?: readonly MountedFile[];
}

function start({ shim, files = PLACED }: Given = { shim: SHIM }) {
  const host = new AttachHost(cleanup.temporaryFolder());
  const [clock, log, docker] = [new ManualClock(), recordLog(), new ToldDocker()];
  const stop = new AbortController();
  const treated: string[] = [];
  const state = { shim };
  const ended = watchContainers(
    {
      root: host.root,
      clock,
      log,
      docker,
      dockerOnly: false,
      findShim: async () => state.shim,
      treatmentBy:
        ({ mountPoint }) =>
        async ({ pid }) => {
          treated.push(`${pid} by ${mountPoint}`);
          await clock.sleep(10);
          return files;
        },
    },
    stop.signal,
  );
  const end = async (): Promise<void> => {
    stop.abort();
    await clock.advance(1000);
    await ended;
  };
  const messages = (): readonly string[] => log.lines.map(({ message }) => message);
  return { host, clock, log, docker, state, treated, end, messages };
}

describe("looking for containers", () => {
  test("each twice, for its runtime may be at work the first time; a new one at the next look", async () => {
    const { host, clock, treated, end } = start();
    host.inside(10);
    await clock.advance(3 * SCAN_MS);
    host.inside(11);
    await clock.advance(3 * SCAN_MS);
    await end();

    expect(treated).toEqual([...twice("10 by /srv/shim"), ...twice("11 by /srv/shim")]);
  });

  test("again when the shim is another one, and when the pid is another process's", async () => {
    const { host, clock, state, treated, end } = start();
    host.inside(10);
    await clock.advance(3 * SCAN_MS);
    state.shim = { ...SHIM, connection: 40 };
    await clock.advance(3 * SCAN_MS);
    host.inside(10, { startTicks: 99_000 });
    await clock.advance(3 * SCAN_MS);
    await end();

    expect(treated).toHaveLength(6);
  });

  test("what fails is tried again, and told once", async () => {
    const { host, clock, log, end } = start({
      shim: SHIM,
      files: [{ path: "/proc/stat", outcome: "failed", why: "no" }],
    });
    host.inside(10);
    await clock.advance(3 * SCAN_MS);
    await end();

    const told = log.lines.filter(({ message }) => message === "partly covered").map(({ level }) => level);
    expect(told).toEqual(["warn", "debug", "debug"]);
  });

  test("without a shim containers wait, and the log says so once", async () => {
    const { host, clock, state, treated, messages, end } = start({ shim: undefined });
    host.inside(10);
    await clock.advance(3 * SCAN_MS);
    expect(treated).toEqual([]);

    state.shim = SHIM;
    await clock.advance(3 * SCAN_MS);
    await end();

    expect(treated).toEqual(twice("10 by /srv/shim"));
    expect(messages().slice(0, 3)).toEqual([
      "no shim runs: containers wait for one",
      "a shim runs",
      "covered",
    ]);
  });
});

describe("following Docker", () => {
  test("a container is covered when its start is told", async () => {
    const { host, clock, docker, log, treated, end } = start();
    await clock.advance(1000);
    host.inside(20);
    docker.pids.set("abc", 20);
    docker.tell({ id: "abc", name: "web", atMs: clock.nowMs() - 5 });
    await clock.advance(100);
    await end();

    expect(treated).toEqual(["20 by /srv/shim"]);
    expect(log.lines.at(-1)).toEqual({
      level: "info",
      message: "covered",
      fields: { containerPid: 20, container: "web", placed: 1, afterMs: 15 },
    });
  });

  test("what started while Docker was away is found in its list", async () => {
    const { host, clock, docker, treated, messages, end } = start();
    await clock.advance(100);
    docker.goes();
    await clock.advance(1000);
    host.inside(20);
    docker.pids.set("abc", 20);
    docker.isUp = true;
    await clock.advance(2000);
    await end();

    expect(treated).toEqual(["20 by /srv/shim"]);
    expect(messages()).toEqual(["docker does not answer", "docker answers again", "covered"]);
  });

  test("one that ended meanwhile is nothing to speak of", async () => {
    const { clock, docker, messages, end } = start();
    await clock.advance(100);
    docker.tell({ id: "gone", name: "web", atMs: 0 });
    docker.pids.set("dead", 99);
    docker.tell({ id: "dead", name: "db", atMs: 0 });
    await clock.advance(100);
    await end();

    expect(messages()).toEqual([]);
  });

  test("one container is treated by one at a time", async () => {
    const { host, clock, docker, treated, end } = start();
    await clock.advance(100);
    host.inside(20);
    docker.pids.set("abc", 20);
    docker.tell({ id: "abc", name: "web", atMs: 0 });
    docker.tell({ id: "abc", name: "web", atMs: 0 });
    await clock.advance(5);
    expect(treated).toHaveLength(1);
    await clock.advance(20);
    await end();

    expect(treated).toHaveLength(2);
  });
});
