import { readdirSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { openCgroupReader } from "../../core/kernel/cgroup/open-reader.ts";
import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";
import { systemClock } from "../../core/runtime/clock.ts";
import { openIdentifier } from "../../lxcfs-shim/view/identity.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf, hasCommand, testIf } from "../support/host.ts";
import { startProgram } from "../support/run-program.ts";
import { startShim } from "../support/shim.ts";
import { makeCgroup, startViewContainer, type ViewContainer } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const COUNT = 5000;
const SLEEPERS = `$| = 1; for (1 .. ${COUNT}) { fork // die $! or do { sleep; exit } } print "asleep\\n"; sleep`;
/** A process, its parents and those beside it in its cgroup: a handful. */
const FEW = 16;

describeIf(...canServeContainers, hasCommand("perl"))(
  `containers beside ${COUNT} processes of the host`,
  () => {
    const cleanup = new Cleanup();
    let mount = "";
    let web: ViewContainer;
    let db: ViewContainer;
    afterAll(() => cleanup.run());

    beforeAll(async () => {
      await startProgram(cleanup, ["perl", "-e", SLEEPERS]).waitForLine(/asleep/);
      ({ mount } = await startShim(cleanup));
      [web, db] = [await startOne("web", 64), await startOne("db", 128)];
    });

    async function startOne(name: string, mebibytes: number): Promise<ViewContainer> {
      const cgroup = makeCgroup(cleanup, `plimsoll-beside-${name}-${process.pid}`);
      cgroup.setMemoryLimit(mebibytes * MIB);
      return startViewContainer(cleanup, cgroup, mount);
    }

    /** An identifier on this host that tells which processes it has looked at since it was last asked. */
    function openCounting() {
      const seen = new Set<string>();
      const host = openHostRoot();
      const root: HostRoot = {
        ...host,
        proc: (name) => {
          seen.add(name.split("/")[0] ?? "");
          return host.proc(name);
        },
      };
      const identifier = openIdentifier({ root, reader: openCgroupReader(host), clock: systemClock });
      const initOf = (pid: number): number | undefined => {
        const identity = identifier.identify(pid);
        return identity.kind === "container" ? identity.container.init : undefined;
      };
      const looks = (): number => {
        const count = seen.size;
        seen.clear();
        return count;
      };
      looks();
      return { initOf, looks };
    }

    /** One process more in there: put into its cgroup too as by an engine, or not. */
    async function enter({ pid, start, startUncounted }: ViewContainer, isPut: boolean): Promise<number> {
      const others = sleepersOf(pid);
      (isPut ? start : startUncounted)("sleep", "600");
      return waitFor("who has entered", () => sleepersOf(pid).find((each) => !others.includes(each)));
    }

    testIf()("the first read of each container is its own", async () => {
      const reads = [web, db].map(({ start }) => start("head", "-1", "/proc/meminfo").finished());

      expect((await Promise.all(reads)).map((line) => Number(/\d+/.exec(line)?.[0]))).toEqual([
        65_536, 131_072,
      ]);
    });

    testIf()("a container is known by the processes around who reads, not by a look at all", async () => {
      const put = await enter(web, true);
      const first = openCounting();
      expect(first.initOf(web.pid)).toBe(web.pid);
      expect(first.looks()).toBeLessThan(FEW);

      const second = openCounting();
      expect(second.initOf(put)).toBe(web.pid);
      expect(second.looks()).toBeLessThan(FEW);
    });

    testIf()("for who has entered from elsewhere all are looked at, once for everybody", async () => {
      const [inWeb, inDb] = [await enter(web, false), await enter(db, false)];
      const { initOf, looks } = openCounting();

      expect(initOf(inWeb)).toBe(web.pid);
      expect(looks()).toBeGreaterThan(COUNT);
      expect(initOf(inDb)).toBe(db.pid);
      // Some are looked at that are in the same cgroup, which here is a crowded one.
      expect(looks()).toBeLessThan(COUNT / 2);
    });
  },
);

/** Those in the pid namespace of `init`, in the host's numbering. */
function sleepersOf(init: number): readonly number[] {
  const namespaceOf = (pid: string | number): string | undefined => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`);
    } catch {
      return undefined;
    }
  };
  const wanted = namespaceOf(init);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && namespaceOf(name) === wanted)
    .map(Number)
    .filter((pid) => pid !== init);
}
