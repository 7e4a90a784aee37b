import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { buildImage, importBaseImages } from "../support/docker-images.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { IMAGE_LAB, ImageLab } from "../support/image-lab.ts";
import { waitFor } from "../support/wait-for.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGETS = ["agent", "collector", "shim", "machine"];
/** Beside Debian and Node.js; measured were 3.5, 45.5, 45.5 and 29.9. */
const MOST_MIB = { agent: 5, collector: 50, shim: 50, machine: 35 };

/** The images of the Dockerfile, built by a real engine and run. */
describeIf(...IMAGE_LAB, ...["debootstrap", "npm", "ssh", "nsenter"].map(hasCommand))("images", () => {
  const cleanup = new Cleanup();
  let lab: ImageLab;
  afterAll(() => cleanup.run());

  function cli(...argv: readonly string[]): string {
    const env = { ...process.env, ...lab.docker.env };
    return execFileSync("docker", argv, { encoding: "utf8", timeout: 60_000, env }).trim();
  }
  const code = (...argv: readonly string[]): number | null =>
    spawnSync("docker", argv, { env: { ...process.env, ...lab.docker.env }, timeout: 60_000 }).status;
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
    lab = await ImageLab.open(cleanup);
    await importBaseImages(cleanup, lab.docker);
    for (const target of TARGETS)
      await buildImage(lab.docker, ROOT, `plimsoll-${target}`, "--target", target);
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

  test("beside Debian and Node.js an image has no more than it needs", () => {
    const given = Number(inspect("debian:bookworm-slim", ".Size")) + statSync(process.execPath).size;
    const addedMiB = (target: string): number =>
      (Number(inspect(`plimsoll-${target}`, ".Size")) - given) / 2 ** 20;

    const tooLarge = Object.entries(MOST_MIB).filter(([target, most]) => addedMiB(target) > most);
    expect(tooLarge).toEqual([]);
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

    const argv = ["run", "--rm", "-i", "--network", "none", "plimsoll-machine", "sh", "-c"];
    const script = "cat; grep SigIgn /proc/self/status";
    const env = { ...process.env, ...lab.docker.env };
    const { stdout } = spawnSync("docker", [...argv, script], { env, input: "its input\n", timeout: 60_000 });
    expect(stdout.toString()).toMatch(/^its input\nSigIgn:\t0{16}\n$/);
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

  /** What the collector's image, on the loopback of a container of `image`, shows of the agent in that. */
  async function reported(name: string, image: string, ip: string): Promise<string> {
    const env = {
      PLIMSOLL_AGENT_PUSH: "remote-write+http://127.0.0.1:9465/api/v1/write",
      PLIMSOLL_AGENT_IP: ip,
      PLIMSOLL_AGENT_INTERVAL: "1s",
    };
    const given = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
    run(name, "--network", "none", ...given, image);
    run(`${name}-to`, "--network", `container:${name}`, "plimsoll-collector", "serve", "--trust", "any");

    const ask = "fetch('http://127.0.0.1:9465/metrics').then((r) => r.text()).then(console.log)";
    return waitFor("a sample", () => {
      const { output } = beside(name, process.execPath, "-e", ask);
      const isThere = output
        .split("\n")
        .some((line) => line.startsWith(SAMPLE) && line.includes(`ip="${ip}"`));
      return isThere ? output : undefined;
    });
  }

  test("the agent in a machine reports to the collector's image", async () => {
    expect(await reported("reports", "plimsoll-machine", "10.20.30.40")).toContain('instance="10.20.30.40"');
  });

  test("so does the agent in an image of one's own, that `image build` has put it into", async () => {
    const agent = { base: "debian:bookworm-slim", agent: "plimsoll-agent" };
    const image = { ...agent, init: true, command: ["plimsoll-agent", "run"] };
    const built = await lab.image("build", lab.write("own.json", image), "--tag", "own:v1");
    expect([built.code, built.stdout]).toEqual([0, expect.stringMatching(/^built sha256:.*, own:v1\n$/)]);

    expect(await reported("own", "own:v1", "10.20.30.41")).toContain('instance="10.20.30.41"');
    expect(cli("exec", "own", "cat", "/proc/1/comm")).toBe("plimsoll-init");
    cli("stop", "-t", "20", "own");
    expect(inspect("own", ".State.ExitCode")).toBe("0");
  });
});

const SAMPLE = "node_memory_MemTotal_bytes{";

const SLOW_SERVICE = `#!/bin/sh
trap 'sleep 1; echo "slow: ended in its own time"; exit 0' TERM
echo "slow: up"
while :; do sleep 1 & wait $!; done
`;
