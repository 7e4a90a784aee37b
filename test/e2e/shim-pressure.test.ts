import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { startProcess } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, canServeContainers, cgroupVersion, describeIf, testIf } from "../support/host.ts";
import { startShim } from "../support/shim.ts";
import { waitFor } from "../support/wait-for.ts";

/** Only v2 has pressure; a hybrid host has it beside v1. */
const BASE = cgroupVersion === 2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";

const hasPressure: Condition = {
  reason: "needs pressure of cgroups (CONFIG_PSI, psi=1)",
  met: () => {
    try {
      return existsSync(`${BASE}/cgroup.procs`) && readFileSync("/proc/pressure/cpu", "utf8") !== "";
    } catch {
      return false;
    }
  },
};

describeIf(...canServeContainers, hasPressure)("pressure of a container whose tasks wait for one CPU", () => {
  const cleanup = new Cleanup();
  const directory = join(BASE, `plimsoll-pressure-${process.pid}`);
  let mount = "";
  let init = 0;
  afterAll(() => cleanup.run());

  beforeAll(async () => {
    ({ mount } = await startShim(cleanup, "--freshness", "0"));
    mkdirSync(directory);
    cleanup.add(directory, () => waitFor(`${directory} is empty`, tryRemove).then(() => {}));
    const busy = "cpu=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//'); taskset -pc $cpu $$ > /dev/null";
    const inside = `${busy}; for i in 1 2 3; do while :; do :; done & done; wait`;
    const unshare = "unshare --mount --pid --cgroup --fork --kill-child --mount-proc";
    const script = `echo $$ > ${directory}/cgroup.procs; exec ${unshare} sh -c "$0"`;
    const container = startProcess(["sh", "-ec", script, inside], { stdio: "ignore" });
    cleanup.add("container", () => void container.kill("SIGKILL"));
    await waitFor("somebody waits", () => total(pressureOf("cpu")) > 0);
    init = await waitFor("its first process", () => {
      const [pid] = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").split(" ");
      return Number(pid) || undefined;
    });
  });

  const pressureOf = (resource: string): string =>
    readFileSync(join(directory, `${resource}.pressure`), "utf8");
  const shown = (resource: string): string =>
    execFileSync("nsenter", ["-t", `${init}`, "-p", "-C", "cat", `${mount}/proc/pressure/${resource}`], {
      encoding: "utf8",
      timeout: 20_000,
    });
  const total = (text: string): number => Number(/^some .* total=(\d+)$/m.exec(text)?.[1]);

  function tryRemove(): boolean {
    try {
      rmdirSync(directory);
      return true;
    } catch {
      return false;
    }
  }

  testIf()("is its cgroup's", () => {
    const before = total(pressureOf("cpu"));
    const between = total(shown("cpu"));

    expect(between).toBeGreaterThanOrEqual(before);
    expect(between).toBeLessThanOrEqual(total(pressureOf("cpu")));
    expect(shown("memory")).toBe(pressureOf("memory"));
    expect(shown("io")).toMatch(/^some avg10=\d+\.\d\d .*\nfull avg10=\d+\.\d\d .*\n$/);
  });

  testIf()("is of what the kernel has, interrupts included", () => {
    const kinds = readdirSync("/proc/pressure").sort();

    expect(execFileSync("ls", [`${mount}/proc/pressure`], { encoding: "utf8" })).toBe(
      `${kinds.join("\n")}\n`,
    );
  });
});
