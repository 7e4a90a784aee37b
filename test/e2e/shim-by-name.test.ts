import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { exec, startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { failure, mountPointIn, output } from "../support/fuse-mount.ts";
import { canServeContainers, describeIf, testIf } from "../support/host.ts";
import { leavesNothing } from "../support/leaks.ts";
import { PATIENCE } from "../support/patience.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { READER_PATIENCE_MS, serverOf, timesServed } from "../support/shim-readers.ts";
import { makeCgroup, startViewContainer, type TestCgroup } from "../support/view-container.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;
const FRESHNESS_MS = 100;
const GRACE_MS = 50;

/** Reads MemTotal as fast as it can from one descriptor; for each line it is given prints what it reads then. */
const STEADY_READER = `
import os, sys, select
fd = os.open(sys.argv[1], os.O_RDONLY)
while True:
    text = os.pread(fd, 4096, 0)
    assert b"\\0" not in text and text.endswith(b"kB\\n") or text.endswith(b" \\n"), text
    if select.select([0], [], [], 0)[0]:
        line = sys.stdin.readline()
        if not line: break
        print(int(os.pread(fd, 100, 0).split()[1]), flush=True)`;

/** Opens, reads and closes until its input ends; prints how often, and what was not whole. */
const WHOLE_READER = `
import re, select, sys
count, faults = 0, []
while not select.select([0], [], [], 0)[0]:
    for name in ("meminfo", "uptime", "loadavg", "swaps", "pressure/memory"):
        try:
            text = open(sys.argv[1] + "/" + name).read()
        except OSError as error:
            faults.append(str(error))
            continue
        if not text.endswith("\\n") or "\\0" in text or len(text) < 40: faults.append(name + repr(text))
        if name == "meminfo" and not re.match(r"MemTotal: +\\d+ kB\\n", text): faults.append(repr(text[:40]))
        count += 1
print(count, faults[:5])`;

describeIf(...canServeContainers)("files by a container's name", () => {
  const cleanup = new Cleanup();
  leavesNothing(cleanup);

  async function startShim(...args: readonly string[]) {
    const [mount, containers] = [mountPointIn(cleanup), mountPointIn(cleanup)];
    const names = join(cleanup.temporaryFolder(), "names");
    const shim = startProgram(
      cleanup,
      programArgv(
        "plimsoll-shim",
        ...["serve", "--mount", mount, "--containers-mount", containers, "--names", names, ...args],
      ),
    );
    cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
    await shim.waitForLine(/"msg":"ready"/);
    const name = async (...argv: readonly string[]): Promise<string> =>
      (await exec(programArgv("plimsoll-shim", "name", ...argv, "--names", names))).stdout;
    return { shim, mount, containers, name };
  }

  const cgroupName = `plimsoll-named-${process.pid}`;

  function startContainer(cgroup: TestCgroup, mount: string) {
    cgroup.setMemoryLimit(256 * MIB);
    return startViewContainer(cleanup, cgroup, mount);
  }

  const memTotal = async (path: string): Promise<number> =>
    Number(/^MemTotal: +(\d+) kB/.exec(await output("cat", path))?.[1]);

  const killServer = async (shim: RunningProgram): Promise<void> => {
    const served = timesServed(shim);
    process.kill(serverOf(shim.pid), "SIGKILL");
    await waitFor("the next server", () => timesServed(shim) > served, READER_PATIENCE_MS);
  };

  testIf()(
    "bound before the container exists, true as soon as it runs, and no more when it has ended",
    async () => {
      const { mount, containers, name } = await startShim();
      const meminfo = `${containers}/web/proc/meminfo`;
      expect(existsSync(meminfo)).toBe(false);
      await name("web", "--cgroup", `/${cgroupName}`);
      const bound = join(cleanup.temporaryFolder(), "meminfo");
      await exec(["touch", bound]);
      await exec(["mount", "--bind", meminfo, bound]);
      cleanup.add("bound file", async () => void (await exec(["umount", bound])));

      expect(await name()).toBe(`web /${cgroupName}\n`);
      expect(await failure("cat", bound)).toMatch(/No such process/);
      const cgroup = makeCgroup(cleanup, cgroupName);
      const container = await startContainer(cgroup, mount);
      expect(await memTotal(bound)).toBe(256 * 1024);
      expect(await output("ls", `${containers}/web/proc`)).toContain("loadavg");
      expect(await failure("sh", "-c", `echo 1 > ${bound}`)).toMatch(/Operation not permitted/);

      container.kill();
      await waitFor("its end to show", async () => /No such process/.test(await failure("cat", bound)));
      await name("web", "--remove");
      await waitFor("the name to go", async () => /No such file/.test(await failure("cat", meminfo)));
    },
  );

  testIf()(
    `a new limit shows ${FRESHNESS_MS + GRACE_MS} ms later, to one who reads without pause`,
    async () => {
      const { mount, containers, name } = await startShim("--freshness", `${FRESHNESS_MS}ms`);
      const cgroup = makeCgroup(cleanup, cgroupName);
      await startContainer(cgroup, mount);
      await name("web", "--cgroup", `/${cgroupName}`);
      const path = `${containers}/web/proc/meminfo`;
      const reader = startProcess(["python3", "-c", STEADY_READER, path], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      cleanup.add("reader", () => void reader.kill("SIGKILL"));
      const ask = async (): Promise<number> => {
        const answer = new Promise<Buffer>((resolve) => reader.stdout?.once("data", resolve));
        reader.stdin?.write("\n");
        return Number((await answer).toString());
      };

      expect(await ask()).toBe(256 * 1024);
      for (const limit of [64, 128, 96, 512, 72, 1024, 80, 88]) {
        cgroup.setMemoryLimit(limit * MIB);
        await sleep(FRESHNESS_MS + GRACE_MS * PATIENCE);

        expect(await ask()).toBe(limit * 1024);
        expect(await memTotal(path)).toBe(limit * 1024);
      }
    },
  );

  testIf()("--freshness 0: a new limit shows at once", async () => {
    const { mount, containers, name } = await startShim("--freshness", "0");
    const cgroup = makeCgroup(cleanup, cgroupName);
    await startContainer(cgroup, mount);
    await name("web", "--cgroup", `/${cgroupName}`);
    for (const limit of [64, 128, 96]) {
      cgroup.setMemoryLimit(limit * MIB);
      expect(await memTotal(`${containers}/web/proc/meminfo`)).toBe(limit * 1024);
    }
  });

  testIf()("steady readers cost the server nothing between two renderings", async () => {
    const { mount, containers, name } = await startShim("--freshness", "10s");
    const cgroup = makeCgroup(cleanup, cgroupName);
    await startContainer(cgroup, mount);
    await name("web", "--cgroup", `/${cgroupName}`);
    const read = (): Promise<string> =>
      output("sh", "-c", `for i in $(seq 200); do cat ${containers}/web/proc/meminfo; done | md5sum`);
    await sleep(2000); // in its first two seconds nothing is kept
    await read();
    const operations = async (): Promise<Record<string, { count: number }>> => {
      const { stdout } = await exec(programArgv("plimsoll-shim", "status", "--mount", mount, "--json"));
      return JSON.parse(stdout)[0].named.operations;
    };
    const counted = await operations();
    await read();
    const { getattr, read: reads, open } = await operations();

    expect(open?.count).toBe(1);
    expect(reads?.count).toBe(counted.read?.count);
    expect((getattr?.count ?? 0) - (counted.getattr?.count ?? 0)).toBeLessThan(20);
  });

  for (const recovery of ["resend", "record"]) {
    testIf()(`kill -9: readers of all files notice nothing (${recovery})`, async () => {
      const { shim, mount, containers, name } = await startShim("--recovery", recovery);
      const cgroup = makeCgroup(cleanup, cgroupName);
      await startContainer(cgroup, mount);
      await name("web", "--cgroup", `/${cgroupName}`);
      const readers = Array.from({ length: 4 }, () => {
        const reader = startProcess(["python3", "-c", WHOLE_READER, `${containers}/web/proc`], {
          stdio: ["pipe", "pipe", "inherit"],
        });
        cleanup.add("reader", () => void reader.kill("SIGKILL"));
        const printed = text(reader.stdout ?? process.stdin);
        return { reader, printed };
      });
      for (let kill = 0; kill < 15; kill++) {
        await sleep(50 + Math.random() * 100);
        await killServer(shim);
      }
      for (const { reader } of readers) reader.stdin?.end();

      for (const { printed } of readers) expect(await printed).toMatch(/^\d{3,} \[\]\n$/);
    });
  }

  testIf()("upgrade and SIGTERM see to both mounts", async () => {
    const { shim, mount, containers, name } = await startShim();
    await name("web", "--cgroup", "/");
    await exec(programArgv("plimsoll-shim", "upgrade", "--mount", mount));

    expect(await memTotal(`${containers}/web/proc/meminfo`)).toBe(await memTotal("/proc/meminfo"));
    expect(await output(...programArgv("plimsoll-shim", "status", "--mount", `${containers}/`))).toContain(
      `${containers}, by name`,
    );
    expect(await shim.stop()).toBe(0);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(containers);
  });

  testIf()("one mount that cannot be made or is taken away ends the other too", async () => {
    const [mount, containers] = [mountPointIn(cleanup), mountPointIn(cleanup)];
    const serve = (...args: readonly string[]) =>
      startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount, ...args));
    const refused = serve("--containers-mount", "/proc");
    expect(await refused.ended).toBe(1);
    expect(refused.stderr).toContain(
      "error: mount point /proc: proc is mounted there (hint: choose an empty directory)",
    );
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);

    const shim = serve("--containers-mount", containers);
    await shim.waitForLine(/"msg":"ready"/);
    await exec(["umount", containers]);
    expect(await shim.ended).toBe(3);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(mount);
  });
});
