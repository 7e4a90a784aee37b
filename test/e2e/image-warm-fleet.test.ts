import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import type { HostView } from "../../provisioner/fleet/render.ts";
import type { RuleOutcome } from "../../provisioner/images/warm/run-rule.ts";
import type { WarmStatus } from "../../provisioner/images/warm/status.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB } from "../support/ct-lab.ts";
import { importImage, type PrivateDocker, startDockerInside } from "../support/docker.ts";
import { type PrivateRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { FleetLab } from "../support/fleet-lab.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG_MS = 180_000;
const MACHINE = ["--net", "front", "--fs", "ext4", "--disk", "32M", "--memory", "96M", "--cpus", "0.5"];
/** So many that a kill finds some there and some not. */
const MANY = 12;
const TOKEN = "a-registry-s-own";
/** A lease of 15 s, and the store's own leisure. */
const LEASE_MS = 40_000;

/** Three hosts, each with an engine of its own, one etcd, and a registry that all of them pull from. */
describeIf(
  ...CT_LAB,
  hasCommand("docker"),
  hasCommand("docker-registry"),
  hasCommand("etcd"),
)("plimsoll image warm in a fleet", () => {
  const cleanup = new Cleanup();
  let lab: FleetLab;
  let registry: PrivateRegistry;
  let builder: PrivateDocker;
  let hookPort: number;
  const daemons: RunningProgram[] = [];
  beforeAll(async () => {
    lab = await FleetLab.open(cleanup, 3);
    const { inside, address } = lab.registryPlace;
    hookPort = await freePort();
    const url = `http://10.99.0.2:${hookPort}/`;
    const headers = { Authorization: [`Bearer ${TOKEN}`] };
    const hook = { name: "warm", url, headers, timeout: "1s", threshold: 3, backoff: "1s" };
    registry = await startDockerRegistry(
      cleanup,
      { notifications: { endpoints: [hook] } },
      lab.registryPlace,
    );
    builder = await startDockerInside(cleanup, inside, "--insecure-registry", `${address}/32`);
    await importImage(cleanup, builder, "made:v1");
    await push("team/app:v1", "team/app:v2", "team/web:v1");
    setRules();
    for (const host of lab.hosts) daemons.push(await host.serve("--interval", "5s"));
    await waitFor("three hosts", async () => (await hosts()).every(({ state }) => state === "ready"));
  }, LONG_MS);
  afterAll(() => cleanup.run(), 60_000);

  function hostAt(at: number): FleetLab["hosts"][number] {
    const host = lab.hosts[at];
    if (host === undefined) throw new Error(`no host ${at}`);
    return host;
  }

  const RULES = {
    app: { registry: "one", repositories: "team/app", parallel: 1 },
    web: { registry: "one", labels: "name=team/web", hosts: "rack=r2" },
    top: { registry: "one", repositories: "team/*", top: 1 },
    many: { registry: "one", repositories: "many/*" },
  };
  const KEPT = { registry: "one", repositories: "kept/*", every: "2s" };

  function setRules(more: object = {}): void {
    const registries = { one: { url: registry.url } };
    for (const host of lab.hosts) host.writeRegistries({ registries, warm: { ...RULES, ...more } });
  }

  function docker(engine: PrivateDocker, ...argv: readonly string[]): Promise<string> {
    const options = { env: engine.env, timeoutMs: 60_000, okCodes: [0, 1] };
    return exec(["docker", ...argv], options).then(({ stdout }) => stdout.trim());
  }

  /** Images of their own, each of which a machine can be made of. */
  async function push(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const context = cleanup.temporaryFolder();
      const lines = ["FROM made:v1", "COPY random /random", `LABEL name=${name.split(":")[0]}`];
      writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
      writeFileSync(join(context, "random"), randomBytes(2 ** 20));
      await docker(builder, "build", "-t", imageOf(name), context);
      await docker(builder, "push", imageOf(name));
    }
  }

  const imageOf = (name: string): string => `${registry.host}/${name}`;
  const holds = async (at: number, name: string): Promise<boolean> =>
    (await docker(hostAt(at).docker, "images", "-q", imageOf(name))) !== "";
  const holders = async (name: string): Promise<readonly boolean[]> =>
    Promise.all([0, 1, 2].map((at) => holds(at, name)));
  const hosts = (): Promise<readonly HostView[]> => lab.hosts[0].host<readonly HostView[]>("list");
  const warm = (...args: readonly string[]) => lab.hosts[0].run("image", "warm", ...args);
  const statusOf = async (rule: string): Promise<readonly WarmStatus[]> => {
    const all: readonly WarmStatus[] = JSON.parse((await warm("status", "--json")).stdout);
    return all.filter((each) => each.rule === rule);
  };
  /** Each host's, in the order of their names. */
  const outcomesOf = async (rule: string) => {
    const [outcome]: readonly RuleOutcome[] = JSON.parse((await warm(rule, "--json")).stdout);
    return (outcome?.hosts ?? []).toSorted((a, b) => (a.host < b.host ? -1 : 1));
  };
  async function serveAgain(at: number): Promise<void> {
    daemons[at] = await hostAt(at).serve("--interval", "5s");
  }

  test(
    "a repository's images on all hosts, as many of them at once as the rule says",
    async () => {
      const outcomes = await outcomesOf("app");

      expect(outcomes.map(({ host, state, report }) => [host, state, report?.pulled])).toEqual([
        ...[["h1", "ended", 2] as const, ["h2", "ended", 2] as const, ["h3", "ended", 2] as const],
      ]);
      // All clocks here are this machine's.
      const times = outcomes.map(({ report }) => [report?.startedMs ?? 0, report?.endedMs ?? 0] as const);
      const inTurn = times.toSorted(([a], [b]) => a - b);
      expect(inTurn.every(([start], at) => start >= (inTurn[at - 1]?.[1] ?? 0))).toBe(true);
      expect(await holders("team/app:v2")).toEqual([true, true, true]);
      expect(await holders("team/web:v1")).toEqual([false, false, false]);
    },
    LONG_MS,
  );

  test(
    "by an image's label, on hosts with a label; machines are made where their image is",
    async () => {
      expect((await warm("web")).stdout).toBe("web: h2: 1 of 1 there, 1 pulled\n");
      expect(await holders("team/web:v1")).toEqual([false, true, false]);

      const image = imageOf("team/web:v1");
      await waitFor("h2 to tell", async () =>
        (await hosts()).some(({ name, images }) => name === "h2" && images.includes(image)),
      );
      const made = await lab.hosts[0].json("create", "web", "--count", "3", "--image", image, ...MACHINE);
      expect(made.map(({ host, state }) => `${host} ${state}`)).toEqual([
        ...["h2 running", "h2 running", "h2 running"],
      ]);
      expect(await holders("team/web:v1")).toEqual([false, true, false]);
    },
    LONG_MS,
  );

  test(
    "what most machines are made of; a host whose way to the registry is broken costs itself",
    async () => {
      await hostAt(2).cutFromRegistry();
      const broken = await warm("top");
      expect([broken.code, broken.lines.toSorted()]).toEqual([
        1,
        [
          expect.stringMatching(/^top: h1: 1 of 1 there, 1 pulled$/),
          expect.stringMatching(/^top: h2: 1 of 1 there, 0 pulled$/),
          expect.stringMatching(/^top: h3: 0 of 1 there, 0 pulled$/),
          expect.stringMatching(/^top: h3: failed: .*team\/web:v1: .*no route to host/),
        ],
      ]);
      expect(await holders("team/web:v1")).toEqual([true, true, false]);
      expect(
        (await statusOf("top")).map(({ host, present, failed }) => [host, present, failed.length]),
      ).toEqual([
        ["h1", 1, 0],
        ["h2", 1, 0],
        ["h3", 0, 1],
      ]);

      await hostAt(2).join();
      expect((await warm("top")).code).toBe(0);
      expect(await holders("team/web:v1")).toEqual([true, true, true]);
      expect(await lab.hosts[0].ct("destroy", "web-1", "web-2", "web-3")).toMatchObject({ code: 0 });
    },
    LONG_MS,
  );

  test(
    "daemon, engine and command are killed half-way: what was ordered is there all the same",
    async () => {
      const names = Array.from({ length: MANY }, (_, at) => `many/a${at}:v1`);
      await push(...names);
      const command = startProgram(cleanup, lab.hosts[0].argv("image", "warm", "many"), {
        env: lab.hosts[0].env,
      });
      await command.waitForLine(/^many: h1: [1-9]\d* of/, 60_000);
      process.kill(registry.program.pid, "SIGSTOP");
      try {
        await daemons[0]?.stop("SIGKILL");
        await command.stop("SIGKILL");
        await lab.hosts[1].docker.restart("SIGKILL");
        await daemons[2]?.stop("SIGKILL");
      } finally {
        process.kill(registry.program.pid, "SIGCONT");
      }
      const halfway = await statusOf("many");
      expect(halfway.some(({ present }) => present > 0 && present < MANY)).toBe(true);
      await serveAgain(0);
      await waitFor(
        "h1 and h2 by themselves",
        async () => {
          const [one, two] = await statusOf("many");
          return one?.present === MANY && two?.isUnderWay === false;
        },
        60_000,
      );

      await waitFor(
        "h3 to be missed",
        async () => (await hosts()).some(({ name, state }) => name === "h3" && state === "lost"),
        LEASE_MS,
      );
      const without = await outcomesOf("many");
      expect(without.map(({ host, report }) => [host, report?.failed])).toEqual([
        ["h1", []],
        ["h2", []],
      ]);
      await serveAgain(2);
      await waitFor("all of it", async () => (await statusOf("many")).every(isWhole), 60_000);
      const again = await outcomesOf("many");
      expect(again.map(({ host, report }) => [host, report?.pulled])).toEqual([
        ["h1", 0],
        ["h2", 0],
        ["h3", 0],
      ]);
      for (const name of names) expect(await holders(name)).toEqual([true, true, true]);
    },
    LONG_MS,
  );
  const isWhole = ({ present, isUnderWay }: WarmStatus): boolean => present === MANY && !isUnderWay;

  test(
    "a push is on all hosts at once",
    async () => {
      const tokenFile = join(cleanup.temporaryFolder(), "token");
      writeFileSync(tokenFile, TOKEN);
      const listen = ["--every", "1h", "--listen", `10.99.0.2:${hookPort}`, "--token-file", tokenFile];
      const argv = lab.hosts[0].argv("image", "warm", "app", ...listen);
      const program = startProgram(cleanup, argv, { env: lab.hosts[0].env });
      for (const host of ["h1", "h2", "h3"])
        await program.waitForLine(new RegExp(`^app: ${host}: 2 of 2 there, 0 pulled$`), 60_000);
      await push("team/app:v3");
      await waitFor("what was pushed", async () => !(await holders("team/app:v3")).includes(false), 60_000);
      expect(await program.stop("SIGINT")).toBe(130);
    },
    LONG_MS,
  );

  test(
    "a rule with a schedule needs no command, and what is cleaned away comes back while it stands",
    async () => {
      await push("kept/app:v1");
      setRules({ kept: KEPT });
      for (const at of [0, 1, 2]) {
        await daemons[at]?.stop("SIGTERM"); // a daemon reads what is new once a minute
        await serveAgain(at);
      }
      const areThere = async (): Promise<boolean> => !(await holders("kept/app:v1")).includes(false);
      await waitFor("all of them", areThere, 60_000);

      const clean = () => docker(lab.hosts[1].docker, "image", "prune", "--all", "--force");
      expect(await clean()).toContain("kept/app");
      await waitFor("what was cleaned away", areThere, 60_000);

      // Where another rule's image has arrived twice, this one's absence has been read.
      setRules({ other: { ...KEPT, repositories: "other/*" } });
      const arrives = async (name: string): Promise<void> => {
        await push(name);
        await waitFor(name, async () => !(await holders(name)).includes(false), 60_000);
      };
      await arrives("other/app:v1");
      expect(await clean()).toContain("kept/app");
      await arrives("other/app:v2");
      expect(await holders("kept/app:v1")).toEqual([true, false, true]);
    },
    LONG_MS,
  );
});
