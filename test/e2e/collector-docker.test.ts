import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, startDocker } from "../support/docker.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, isRoot, testIf } from "../support/host.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const IP = "10.0.0.7";

describeIf(
  isRoot,
  hasCommand("dockerd"),
  hasCommand("docker"),
)("with a real Docker engine", () => {
  testIf()("what its containers do is counted for their machine", async () => {
    const docker = await startDocker(cleanup);
    await importImage(cleanup, docker, "plimsoll-test:1");
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const argv = ["serve", "--listen", `127.0.0.1:${port}`, "--data", "none", "--docker", docker.socket];
    const collector = startProgram(cleanup, programArgv("plimsoll-collector", ...argv));
    await collector.waitForLine(/"msg":"ready"/);
    const page = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await waitFor(
      "the engine",
      async () => (await page()).includes("docker_up{engine=") && /docker_up\{.*\} 1/.test(await page()),
    );

    const run = (...args: string[]) => exec(["docker", ...args], { env: docker.env, timeoutMs: 60_000 });
    const limits = ["--network", "none", "--label", `plimsoll.ip=${IP}`];
    await run("run", "-d", "--name", "web", ...limits, "plimsoll-test:1", "sleep", "1000");
    await run("kill", "web");
    await run("rm", "web");
    const counted = (event: string): RegExp =>
      new RegExp(
        `plimsoll_machine_container_events_total\\{event="${event}",[^}]*instance="${IP}"[^}]*\\} 1\\n`,
      );
    await waitFor("its whole life", async () => counted("destroy").test(await page()));
    for (const event of ["create", "start", "die"]) expect(await page()).toMatch(counted(event));
    expect(await collector.stop()).toBe(0);
  });
});
