import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { type PrivateDocker, startDocker } from "../support/docker.ts";
import { buildImage, importBaseImages } from "../support/docker-images.ts";
import { describeIf, hasCommand, isRoot } from "../support/host.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGETS = ["agent", "collector", "shim", "machine"];

/** The images of the Dockerfile, built by a real engine and run. */
describeIf(
  ...[isRoot, hasCommand("dockerd"), hasCommand("docker"), hasCommand("runc")],
  ...[hasCommand("debootstrap"), hasCommand("npm"), hasCommand("ssh"), hasCommand("nsenter")],
)("images", () => {
  const cleanup = new Cleanup();
  let docker: PrivateDocker;
  afterAll(() => cleanup.run());

  function cli(...argv: readonly string[]): string {
    const env = { ...process.env, ...docker.env };
    return execFileSync("docker", argv, { encoding: "utf8", timeout: 60_000, env }).trim();
  }
  const code = (...argv: readonly string[]): number | null =>
    spawnSync("docker", argv, { env: { ...process.env, ...docker.env }, timeout: 60_000 }).status;
  const inspect = (name: string, format: string): string => cli("inspect", "-f", `{{${format}}}`, name);

  /** A container without a network but its own loopback, removed afterwards. */
  function run(name: string, ...argv: readonly string[]): void {
    cli("run", "-d", "--name", name, ...argv);
    cleanup.add(name, () => void cli("rm", "-f", name));
  }
  /** A command of this machine in the network of a container. */
  function beside(name: string, ...argv: readonly string[]): { status: number | null; output: string } {
    const nsenter = ["-t", inspect(name, ".State.Pid"), "-n", ...argv];
    const { status, stdout, stderr } = spawnSync("nsenter", nsenter, { encoding: "utf8", timeout: 20_000 });
    return { status, output: stdout + stderr };
  }

  beforeAll(async () => {
    docker = await startDocker(cleanup);
    await importBaseImages(cleanup, docker);
    for (const target of TARGETS) await buildImage(docker, ROOT, `plimsoll-${target}`, "--target", target);
  }, 900_000);

  test("agent, collector and shim start their program", () => {
    const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
    const said = (target: string, ...argv: readonly string[]): string =>
      cli("run", "--rm", "--network", "none", `plimsoll-${target}`, ...argv);

    expect(said("agent", "--version")).toContain(version);
    expect(said("agent", "once", "--format", "prom")).toMatch(/^node_memory_MemTotal_bytes \d+/m);
    expect(said("collector", "--version")).toContain(version);
    expect(said("shim", "--version")).toContain(version);
  });

  test("no image has a compiler, an interpreter beside ours, or npm", () => {
    const look = "for c in cc gcc c++ make npm python3; do command -v $c; done; ls -A /var/lib/apt/lists";
    const found = TARGETS.map((target) => {
      const argv = ["run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", `plimsoll-${target}`];
      return `${target}: ${cli(...argv, "-c", look)}`;
    });

    expect(found).toEqual(TARGETS.map((target) => `${target}: `));
  });

  test("a machine without keys and receivers has neither sshd nor agent, and is healthy", async () => {
    run("bare", "--network", "none", "--health-interval", "1s", "plimsoll-machine");

    await waitFor("health", () => inspect("bare", ".State.Health.Status") === "healthy" || undefined);
    expect(cli("logs", "bare")).toMatch(/no authorized keys, not started/);
    expect(cli("exec", "bare", "ps", "-e", "-o", "comm=")).not.toMatch(/sshd|node/);
  });

  test("the first process reaps orphans, and a stop lets each service end by itself", async () => {
    const folder = cleanup.temporaryFolder();
    const service = join(folder, "run");
    execFileSync("sh", ["-c", `printf '%s' "$1" > "$0"; chmod +x "$0"`, service, SLOW_SERVICE]);
    run(
      "stops",
      "--network",
      "none",
      "-v",
      `${folder}:/etc/service/slow`,
      "-v",
      `${folder}:/out`,
      "plimsoll-machine",
    );
    await waitFor("the service", () => cli("logs", "stops").includes("slow: up") || undefined);

    cli("exec", "stops", "sh", "-c", "(sleep 0.2 &) ; (sleep 0.1 &)");
    await waitFor("no zombie", () => !/Z/.test(cli("exec", "stops", "ps", "-e", "-o", "stat=")) || undefined);
    expect(cli("exec", "stops", "ps", "-o", "args=", "-p", "1")).toContain("plimsoll-init");

    cli("stop", "-t", "20", "stops");
    expect(cli("logs", "stops")).toContain("slow: ended in its own time");
    expect(inspect("stops", ".State.ExitCode")).toBe("0");
  });

  test("a command instead of the services is the machine's program, with its signals and exit code", () => {
    expect(code("run", "--rm", "--network", "none", "plimsoll-machine", "sh", "-c", "exit 7")).toBe(7);
  });

  test("ssh lets in who has a key, asks nobody for a password, and keeps its host key on the data disk", async () => {
    const [keys, data] = [cleanup.temporaryFolder(), cleanup.temporaryFolder()];
    const key = join(keys, "id");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const options = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      `UserKnownHostsFile=${keys}/known`,
      "-o",
      "BatchMode=yes",
    ];
    const ssh = (name: string, ...argv: readonly string[]) =>
      beside(name, "ssh", ...options, ...argv, "root@127.0.0.1", "cat", "/proc/1/comm");
    const start = (name: string): void =>
      run(
        name,
        "--network",
        "none",
        "-v",
        `${key}.pub:/etc/plimsoll/authorized_keys:ro`,
        "-v",
        `${data}:/data`,
        "plimsoll-machine",
      );

    start("first");
    await waitFor("sshd", () => ssh("first", "-i", key).status === 0 || undefined);
    expect(ssh("first", "-i", key).output).toMatch(/plimsoll-init/);
    const refused = ssh("first", "-o", "IdentitiesOnly=yes", "-i", "/dev/null");
    expect(refused).toMatchObject({ status: 255 });
    expect(refused.output).toMatch(/Permission denied \(publickey\)/);

    // A rebuild: another container on the same disk. ssh would refuse another host key.
    start("second");
    await waitFor("sshd", () => ssh("second", "-i", key).status === 0 || undefined);
  });

  test("the agent in a machine reports to the collector's image", async () => {
    const push = "remote-write+http://127.0.0.1:9465/api/v1/write";
    const env = {
      PLIMSOLL_AGENT_PUSH: push,
      PLIMSOLL_AGENT_IP: "10.20.30.40",
      PLIMSOLL_AGENT_INTERVAL: "1s",
    };
    const given = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    run("reports", "--network", "none", ...given, "plimsoll-machine");
    run("collects", "--network", "container:reports", "plimsoll-collector", "serve", "--trust", "any");

    const ask = "fetch('http://127.0.0.1:9465/metrics').then((r) => r.text()).then(console.log)";
    const page = await waitFor("a sample", () => {
      const { output } = beside("reports", process.execPath, "-e", ask);
      return /node_memory_MemTotal_bytes\{.*ip="10\.20\.30\.40"/.test(output) ? output : undefined;
    });
    expect(page).toContain('instance="10.20.30.40"');
  });
});

const SLOW_SERVICE = `#!/bin/sh
trap 'sleep 1; echo "slow: ended in its own time"; exit 0' TERM
echo "slow: up"
while :; do sleep 1 & wait $!; done
`;
