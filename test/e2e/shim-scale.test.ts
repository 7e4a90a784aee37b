import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { type Crowd, openCrowd } from "../bench/crowd.ts";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf, hasCommand, testIf } from "../support/host.ts";
import { programArgv } from "../support/run-program.ts";
import { startShim } from "../support/shim.ts";
import { serverOf } from "../support/shim-readers.ts";

/** That LXCFS has too. */
const FILES = 9;

describeIf(...canServeContainers, hasCommand("cc"))("many containers", () => {
  const cleanup = new Cleanup();
  let mount = "";
  let holder = 0;
  let crowd: Crowd;

  beforeAll(async () => {
    const { shim, ...served } = await startShim(cleanup);
    [holder, mount] = [shim.pid, served.mount];
    crowd = await openCrowd(cleanup);
  });

  afterAll(() => cleanup.run());

  testIf()("all at once, and once a second: everybody is answered", async () => {
    expect(await crowd("burst", mount, 60, 1)).toMatchObject({ reads: 60 * FILES, errors: 0 });
    expect(await crowd("steady", mount, 60, 3)).toMatchObject({ reads: 60 * 3 * FILES, errors: 0 });
  });

  testIf()("that come and go leave neither files open nor texts behind", async () => {
    const keptOf = (server: number) => ({
      files: readdirSync(`/proc/${server}/fd`).length,
      // The notebook's two files, which it may fill up to before it is copied.
      noted: Math.max(...[4, 5].map((file) => statSync(`/proc/${server}/fd/${file}`).size)),
    });
    const { reads, errors } = await crowd("churn", mount, 200, 2);
    const all = readdirSync(join(mount, "proc"), { recursive: true, withFileTypes: true });
    const filesEach = 1 + all.filter((entry) => entry.isFile()).length; // and the CPUs that are online
    const { files, noted } = keptOf(serverOf(holder));
    const { stdout } = await exec(programArgv("plimsoll-shim", "status", "--mount", mount, "--json"));
    const [{ operations }] = JSON.parse(stdout);

    expect({ reads, errors }).toEqual({ reads: 200 * 2 * filesEach, errors: 0 });
    expect(operations.release.count).toBe(operations.open.count);
    // One for each of the callers that were there last, at most: they are known by it.
    expect(files).toBeLessThan(1100);
    expect(noted).toBeLessThan(8 * 2 ** 20);
  });
});
