import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { cgroupAt, cgroupProcesses } from "../../provisioner/container/cgroup.ts";
import { LAYOUT } from "../../provisioner/up/layout.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import {
  canMakeCgroups,
  canUnshare,
  describeIf,
  hasCommand,
  hasFuse,
  isRoot,
  testIf,
} from "../support/host.ts";
import { expectNothingLeft, snapshotHost } from "../support/leaks.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function startUp(...args: readonly string[]): Promise<RunningProgram> {
  return startProgram(cleanup, programArgv("plimsoll", "up", "--port", String(await freePort()), ...args));
}

describeIf(
  isRoot,
  hasFuse,
  canMakeCgroups,
  canUnshare,
  hasCommand("ip"),
)("plimsoll up", () => {
  testIf()("--once --json: a sample made the whole way, and the container saw its own limits", async () => {
    const before = snapshotHost();
    const up = await startUp("--once", "--json");

    expect(await up.ended, up.stderr.join("\n")).toBe(0);

    const { ip, comparison, figures } = JSON.parse(up.stdout.join("\n"));
    const inside = Object.fromEntries(
      comparison.map((row: { command: string; container: string }) => [row.command, row.container]),
    );
    expect(ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(inside.nproc).toBe("1");
    expect(inside["grep -c ^processor /proc/cpuinfo"]).toBe("1");
    expect(inside["free -m"]).toMatch(/Mem: +512 /);
    expect(inside.uptime).toMatch(/up 0 min/);
    expect(inside["top -bn1 | head -5"]).toMatch(/MiB Mem : +512\.0 total/);
    expect(figures.memoryTotalBytes).toBe(512 * 2 ** 20);
    expect(figures.cpus).toBe(1);
    expect(figures.cpuPercent).toBeGreaterThan(0);
    await expectNothingLeft(before);
  });

  testIf()("without --once: refreshes until SIGTERM, then takes everything down and exits 0", async () => {
    const before = snapshotHost();
    const up = await startUp();

    await up.waitForLine(/^cpu [\d.]+ % of 1 {3}memory \d+ MiB of 512 MiB {3}load/, 40_000);
    expect(await up.stop("SIGTERM")).toBe(0);

    expect(up.stdout.join("\n")).toContain("/api/v1/machines/");
    await expectNothingLeft(before);
  });

  testIf()("its address is permanent", async () => {
    const first = await startUp("--once", "--json");
    await first.ended;
    const second = await startUp("--once", "--json");
    await second.ended;

    const [a, b] = [first, second].map((run) => JSON.parse(run.stdout.join("\n")).ip);
    expect(b).toBe(a);
  });

  testIf()("what a kill -9 left behind is found and removed by the next start", async () => {
    const before = snapshotHost();
    const killed = await startUp();
    await killed.waitForLine(/Ctrl-C/, 40_000);
    await killed.stop("SIGKILL");
    expect(cgroupProcesses(cgroupAt(LAYOUT.cgroup)).length).toBeGreaterThan(3);
    expect(existsSync(`/sys/class/net/${LAYOUT.hostInterface}`)).toBe(true);

    const next = await startUp("--once");

    expect(await next.ended, next.stderr.join("\n")).toBe(0);
    expect(next.stderr.join("\n")).toContain("removed what an earlier run left behind");
    await expectNothingLeft(before);
  });

  testIf()("a second one says that it is not alone, and leaves the first as it is", async () => {
    const first = await startUp();
    await first.waitForLine(/Ctrl-C/, 40_000);

    const second = await startUp("--once");

    expect(await second.ended).toBe(1);
    expect(second.stderr).toEqual([expect.stringMatching(/^error: .*already running/)]);
    await first.waitForLine(/^cpu /, 40_000);
    expect(await first.stop()).toBe(0);
  });

  for (const [part, kill] of [
    ["plimsoll-shim", (pids: ReadonlyMap<string, number>) => pids.get("plimsoll-shim")],
    ["plimsoll-collector", (pids: ReadonlyMap<string, number>) => pids.get("collector")],
    ["sample container", (pids: ReadonlyMap<string, number>) => pids.get("agent")],
  ] as const) {
    testIf()(`when ${part} dies, it says so, takes the rest down and exits 1`, async () => {
      const before = snapshotHost();
      const up = await startUp();
      await up.waitForLine(/Ctrl-C/, 40_000);

      endNow(kill(programsOf(LAYOUT.cgroup)));

      expect(await up.ended).toBe(1);
      expect(up.stderr.join("\n")).toMatch(new RegExp(`^error: ${part} ended`, "m"));
      await expectNothingLeft(before);
    });
  }

  testIf()(
    "the death of the shim's server is nothing to speak of: its holder starts the next one",
    async () => {
      const before = snapshotHost();
      const up = await startUp();
      await up.waitForLine(/Ctrl-C/, 40_000);
      const server = programsOf(LAYOUT.cgroup).get("lxcfs-shim");

      endNow(server);
      await waitFor("the next server", () => {
        const next = programsOf(LAYOUT.cgroup).get("lxcfs-shim");
        return next !== undefined && next !== server;
      });
      await up.waitForLine(/^cpu /, 40_000);

      expect(await up.stop()).toBe(0);
      await expectNothingLeft(before);
    },
  );

  testIf()("a port in use is one clear line, and nothing is left", async () => {
    const before = snapshotHost();
    const server = createServer().listen(0, "127.0.0.1");
    cleanup.add("listener", () => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;

    const up = startProgram(cleanup, programArgv("plimsoll", "up", "--once", "--port", String(port)));

    expect(await up.ended).toBe(1);
    expect(up.stderr).toEqual([expect.stringMatching(new RegExp(`^error: .*${port}.*in use`))]);
    await expectNothingLeft(before);
  });

  testIf(hasCommand("setpriv"))(
    "not root, and wrong usage: one clear line each, nothing touched",
    async () => {
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
      const asNobody = await exec([...nobody, ...programArgv("plimsoll", "up")], { okCodes: [1] });
      const unknown = await exec(programArgv("plimsoll", "up", "--onec"), { okCodes: [2] });
      const badPort = await exec(programArgv("plimsoll", "up", "--port", "0"), { okCodes: [2] });

      expect(asNobody.stderr).toMatch(/^error: .*needs root.*sudo.*\n$/);
      expect(unknown.stderr).toMatch(/^error: unknown option '--onec'.*\n$/);
      expect(badPort.stderr).toMatch(/^error: .*--port.*\n$/);
    },
  );
});

/** kill(2) takes 0 for the caller's whole group: a program that was not found must not become that. */
function endNow(pid: number | undefined): void {
  if (pid === undefined) throw new Error("the program to kill is not there");
  process.kill(pid, "SIGKILL");
}

/** Which of our programs run below a cgroup, by room; the shim's holder by the name of its script. */
function programsOf(path: string): ReadonlyMap<string, number> {
  return new Map(
    cgroupProcesses(cgroupAt(path)).flatMap((pid): [string, number][] => {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const { room, holder } =
        /dist\/(?:plimsoll-)?(?<room>[a-z-]+)(?:\/main\.c?js|\.cjs)|^\/bin\/sh\0.*\/bin\/(?<holder>plimsoll-shim)\0/.exec(
          command,
        )?.groups ?? {};
      const name = room ?? holder;
      return name === undefined ? [] : [[name, pid]];
    }),
  );
}
