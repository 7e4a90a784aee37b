import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "../../provisioner/api/client.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import type { EventView } from "../../provisioner/events/render.ts";
import { containerName } from "../../provisioner/executors/names.ts";
import type { BatchView } from "../../provisioner/fleet/batch-views.ts";
import type { MovePlan } from "../../provisioner/fleet/move-plan.ts";
import type { HostView } from "../../provisioner/fleet/render.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, IMAGE } from "../support/ct-lab.ts";
import { importImage } from "../support/docker.ts";
import { FleetLab } from "../support/fleet-lab.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { expectReachable } from "../support/ovs-lab.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const SMALL = [
  "--image",
  IMAGE,
  "--net",
  "front",
  "--fs",
  "ext4",
  "--disk",
  "32M",
  "--memory",
  "96M",
  "--cpus",
  "0.5",
];
/** A lease of 15 s, and the store's own leisure. */
const LEASE_MS = 40_000;

describeIf(...CT_LAB, hasCommand("etcd"))("two hosts on one store", () => {
  const cleanup = new Cleanup();
  let lab: FleetLab;
  let daemons: RunningProgram[];
  beforeAll(async () => {
    lab = await FleetLab.open(cleanup);
    daemons = [await lab.hosts[0].serve("--interval", "5s"), await lab.hosts[1].serve("--interval", "5s")];
  }, 180_000);
  afterAll(() => cleanup.run(), 60_000);

  const hostOf = async (name: string): Promise<HostView> => {
    const [view] = (await lab.hosts[0].host<readonly HostView[]>("list")).filter(
      (each) => each.name === name,
    );
    if (view === undefined) throw new Error(`no host ${name}`);
    return view;
  };
  const becomes = (name: string, state: HostView["state"]): Promise<true> =>
    waitFor(
      `${name} ${state}`,
      async () => (await hostOf(name)).state === state && (true as const),
      LEASE_MS,
    );
  const show = (name: string): Promise<MachineView> => lab.hosts[0].json<MachineView>("show", name);
  const namesOn = async (host: string): Promise<readonly string[]> =>
    (await lab.hosts[0].json("list")).filter((each) => each.host === host).map(({ name }) => name);

  test("each tells the fleet what it has", async () => {
    await becomes("h1", "ready");
    await becomes("h2", "ready");
    const { stdout } = await lab.hosts[1].plimsoll("host", "list");

    expect(await hostOf("h2")).toMatchObject({
      address: "10.99.0.3",
      capacity: { cpus: 4, memoryBytes: 2 ** 30 },
      used: { cpus: 0 },
      labels: { rack: "r2" },
      images: [IMAGE],
    });
    expect(stdout).toMatch(/^NAME +STATE +ADDRESS.*\nh1 +ready +10\.99\.0\.2 .*\nh2 +ready .*rack=r2\n$/);
  });

  test("a batch of four, two on each, seen from both and by each other", async () => {
    const spread = ["create", "web", "--count", "4", ...SMALL, "--spread", "host"];
    const plan = await lab.hosts[0].ct(...spread, "--dry-run");
    const made = await lab.hosts[0].json(...spread);

    expect(plan.lines.filter((line) => line.includes("create the holder"))).toHaveLength(4);
    expect(made.map(({ host }) => host).toSorted()).toEqual(["h1", "h1", "h2", "h2"]);
    expect(made.every(({ state, busy }) => state === "running" && busy === null)).toBe(true);
    const seen = await lab.hosts[1].json("list");
    expect(seen.map(({ name }) => name)).toEqual(["web-1", "web-2", "web-3", "web-4"]);
    expect(seen.every(({ state }) => state === "running")).toBe(true);
    expect((await hostOf("h1")).used.cpus).toBe(1);
    const [there] = made.filter(({ host }) => host === "h2");
    const [name = ""] = await namesOn("h1");
    await expectReachable(await lab.hosts[0].namespaceOf(name), there?.ip ?? "");
  });

  test("what there is no room for is refused, and says why of each host", async () => {
    const { code, stderr } = await lab.hosts[0].ct("create", "big", ...SMALL, "--memory", "900M");

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: big: no host for it: h1 has 832 MiB of memory free, 900 MiB needed, h2 has/,
    );
    expect(await lab.hosts[0].ct("create", "x", ...SMALL, "--on", "h9")).toMatchObject({ code: 1 });
    expect(await lab.hosts[0].ct("create", "x", ...SMALL, "--host-label", "rack=r7")).toMatchObject({
      code: 1,
    });
  });

  test("a machine of another host is stopped and started from here", async () => {
    const [name = ""] = await namesOn("h2");

    expect((await lab.hosts[0].ct("stop", name)).stdout).toBe(`${name} is stopped\n`);
    expect(await show(name)).toMatchObject({ host: "h2", power: "off", state: "stopped" });
    expect((await lab.hosts[0].ct("start", name)).stdout).toBe(`${name} runs\n`);
    const all = await lab.hosts[1].ct("restart", "web-1", "web-2", "web-3", "web-4");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(await lab.hosts[0].ct("resize", name, "--cpus", "64")).toMatchObject({
      code: 2,
      stderr: /--cpus/,
    });
    expect(await lab.hosts[0].ct("exec", name, "--", "true")).toMatchObject({
      code: 3,
      stderr: /is on host h2, this is h1 \(hint: run it on h2, at 10\.99\.0\.3\)/,
    });
  });

  test("the API of a host says where a machine is that is another's", async () => {
    const [name = ""] = await namesOn("h2");
    const client = new ApiClient(lab.hosts[0].socket);
    cleanup.add("client", () => client.close());

    const message = `container ${name}: is on host h2, this is h1`;
    const where = { code: "ELSEWHERE", message, hint: expect.stringContaining("h2") };
    const stop = { kind: "stop", names: [name] };
    await expect(client.call("POST", "/v1/operations", stop)).rejects.toMatchObject(where);
    await expect(client.call("GET", `/v1/machines/${name}/logs`)).rejects.toMatchObject(where);
  });

  /** A batch with one machine on each host, whose command is killed once the first is being made. */
  async function beginAndKill(image: string): Promise<void> {
    const batch = ["create", "late", "--count", "2", ...SMALL, "--image", image, "--spread", "host"];
    const command = startProgram(cleanup, lab.hosts[0].argv("ct", ...batch), { env: lab.hosts[0].env });
    await waitFor("the first", async () => (await lateOnes()).length > 0);
    await command.stop("SIGKILL");
  }
  const lateOnes = async (): Promise<readonly MachineView[]> =>
    (await lab.hosts[1].json("list")).filter(({ name }) => name.startsWith("late-"));

  test("a batch whose command is killed is made by the daemons", async () => {
    await beginAndKill(IMAGE);

    const made = await waitFor("both", async () => {
      const found = await lateOnes();
      return found.length === 2 && found.every(({ busy }) => busy === null) ? found : undefined;
    });
    expect(made.map(({ host, state }) => [host, state]).toSorted()).toEqual([
      ["h1", "running"],
      ["h2", "running"],
    ]);
    expect(await lab.hosts[0].ct("destroy", "late-1", "late-2")).toMatchObject({ code: 0 });
  });

  test("where one host cannot make its part the others take theirs back, though nobody asks any more", async () => {
    await importImage(cleanup, lab.hosts[0].docker, "only-here:1");
    await beginAndKill("only-here:1");

    const told = await waitFor("the end", async () => {
      const { lines } = await lab.hosts[0].ct("events", "--json");
      const events = lines.map((line): EventView => JSON.parse(line));
      return events.find(({ text }) => text?.includes("made nothing of the batch"));
    });
    expect(told).toMatchObject({ host: "h1", kind: "create", state: "undone" });
    expect(await lateOnes()).toEqual([]);
  });

  test("a batch whose host is killed is not waited for, and is over once that host is fenced", async () => {
    const batch = ["create", "late", "--count", "2", ...SMALL, "--spread", "host"];
    const command = lab.hosts[0].ct(...batch);
    await waitFor("the part of h2", async () =>
      (await lateOnes()).some(({ host, busy }) => host === "h2" && busy === "create"),
    );
    await daemons[1]?.stop("SIGKILL");

    const { code, stderr } = await command;
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: /^error: container late-\d: host h2: create has not ended: the host is lost, and goes on /,
    });
    const batches = (): Promise<readonly BatchView[]> => lab.hosts[0].json("batches");
    expect(await batches()).toMatchObject([{ state: "making" }]);
    await becomes("h2", "lost");
    await lab.hosts[0].plimsoll("host", "fence", "h2", "--yes");
    await waitFor("it is over", async () => (await batches()).length === 0);
    const left = (await lateOnes()).map(({ host, busy }) => [host, busy]).toSorted();
    expect(left).toEqual([
      ["h1", null],
      ["h2", "create"],
    ]);

    await lab.hosts[0].plimsoll("host", "readmit", "h2");
    daemons[1] = await lab.hosts[1].serve("--interval", "5s");
    await becomes("h2", "ready");
    await waitFor("what h2 had begun", async () => {
      const made = await lateOnes();
      return made.every(({ state, busy }) => state === "running" && busy === null);
    });
    expect(await lab.hosts[0].ct("destroy", "late-1", "late-2")).toMatchObject({ code: 0 });
  }, 180_000);

  test("two operators never give away the same room", async () => {
    // Each host has room for one of these, and four are asked for.
    const create = (name: string, from: number): Promise<{ readonly code: number }> =>
      lab.hosts[from % 2 === 0 ? 0 : 1].ct("create", name, ...SMALL, "--memory", "500M");
    const codes = (await Promise.all(["a", "b", "c", "d"].map(create))).map(({ code }) => code);

    expect(codes.toSorted()).toEqual([0, 0, 1, 1]);
    for (const host of ["h1", "h2"])
      expect((await hostOf(host)).used.memoryBytes).toBeLessThanOrEqual(2 ** 30);
    const names = (await lab.hosts[0].json("list"))
      .map(({ name }) => name)
      .filter((name) => name.length === 1);
    expect(await lab.hosts[0].ct("destroy", ...names)).toMatchObject({ code: 0 });
  });

  test("a host that is lost keeps its machines and their addresses, and goes on when it returns", async () => {
    const before = await lab.hosts[0].json("list");
    await daemons[1]?.stop("SIGKILL");
    await becomes("h2", "lost");

    const seen = await lab.hosts[0].json("list");
    expect(seen.map(({ name, ip, host }) => ({ name, ip, host }))).toEqual(
      before.map(({ name, ip, host }) => ({ name, ip, host })),
    );
    expect(seen.filter(({ host }) => host === "h2").every(({ state }) => state === "unknown")).toBe(true);
    const [name = ""] = await namesOn("h2");
    expect(await lab.hosts[0].ct("stop", name)).toMatchObject({ code: 1, stderr: /host h2: is lost/ });
    await expect(lab.hosts[0].plimsoll("host", "evacuate", "h2", "--yes")).rejects.toThrow("not fenced");
    await expect(lab.hosts[0].plimsoll("host", "fence", "h1", "--yes")).rejects.toThrow("its daemon reports");
    daemons[1] = await lab.hosts[1].serve("--interval", "5s");
    await becomes("h2", "ready");
    expect((await lab.hosts[0].json("list")).every(({ state }) => state === "running")).toBe(true);
  });

  test("a fenced host's machines are made elsewhere, once nobody answers for them, whatever is killed meanwhile", async () => {
    const moving = (await lab.hosts[0].json("list")).filter(({ host }) => host === "h2");
    // With this on h1 there is no room there for what stays.
    await lab.hosts[0].json("create", "local", ...SMALL, "--memory", "128M", "--on", "h1");
    await lab.hosts[0].json("create", "stays", ...SMALL, "--memory", "800M", "--on", "h2");
    await lab.hosts[1].cutFromStore();
    await becomes("h2", "lost");
    await lab.hosts[0].plimsoll("host", "fence", "h2", "--yes");

    await expect(lab.hosts[0].plimsoll("host", "evacuate", "h2", "--yes")).rejects.toThrow(
      "on its own disks",
    );
    const plan = await lab.hosts[0].plimsoll("host", "evacuate", "h2", "--dry-run");
    expect(plan.stdout).toContain(
      `${moving[0]?.name} to h1: ${moving[0]?.ip}, generation 2 of ${IMAGE}; its data`,
    );
    expect(plan.stdout).toContain("stays: no host for it: h1 has");
    const early = await lab.hosts[0].run("host", "evacuate", "h2", "--without-data", "--yes");
    expect(early).toMatchObject({
      code: 1,
      stderr: /answers for 10\.10\.0\.\d+ \(hint: its host is not off/,
    });
    expect(await show(moving[0]?.name ?? "")).toMatchObject({ host: "h2", ip: moving[0]?.ip, busy: null });
    await lab.hosts[1].cut();
    const evacuating = lab.hosts[0].run("host", "evacuate", "h2", "--without-data", "--yes");
    await waitFor("it has begun", async () => (await show(moving[0]?.name ?? "")).busy === "evacuate");
    await daemons[0]?.stop("SIGKILL");
    daemons[0] = await lab.hosts[0].serve("--interval", "5s");
    const evacuated = await evacuating;
    expect(evacuated.stderr).toMatch(/^error: stays: no host for it: h1 has .*\n$/);
    expect(evacuated.lines.toSorted()).toEqual(moving.map(({ name }) => `${name} is there`));
    expect(evacuated.code).toBe(1);
    for (const { name, id, ip, mac } of moving) {
      expect(await show(name)).toMatchObject({
        ...{ name, id, ip, mac, host: "h1" },
        generation: 2,
        state: "running",
      });
      expect(await lab.hosts[0].inside(name, "ls", "/data")).toBe("lost+found");
    }
    expect(await show("stays")).toMatchObject({ host: "h2", generation: 1, state: "unknown" });
  }, 180_000);

  test("a fenced host that returns ends its copies before anything else, and starts none again", async () => {
    const stale = (await lab.hosts[0].json("list")).filter(({ generation }) => generation === 2);
    const runs = (name: string): Promise<boolean> =>
      lab.hosts[1].withEngine(async (engine) => {
        const found = await engine.inspectContainer(name);
        return found?.State?.Running === true;
      });
    const { id } = await show("stays");
    const copies = stale.map((each) => containerName(each, 1));
    expect(await Promise.all(copies.map(runs))).toEqual(copies.map(() => true));

    await lab.hosts[1].join();
    await waitFor(
      "the end of the copies",
      async () => !(await Promise.all(copies.map(runs))).includes(true),
      LEASE_MS,
    );
    await becomes("h2", "fenced");
    expect(await runs(containerName({ id, name: "stays" }, 1))).toBe(false);
    const neighbour = await lab.hosts[0].namespaceOf("local");
    for (const { ip } of stale) await expectReachable(neighbour, ip ?? "");
    const refused = await lab.hosts[0].ct("start", "stays");
    expect(refused).toMatchObject({ code: 1, stderr: /host h2: is fenced/ });

    await lab.hosts[0].plimsoll("host", "readmit", "h2");
    await becomes("h2", "ready");
    await waitFor("what is its own", async () => (await show("stays")).state === "running", LEASE_MS);
    expect(await Promise.all(copies.map(runs))).toEqual(copies.map(() => false));
    const { lines } = await lab.hosts[1].ct("events", "--json");
    const events = lines.map((line): EventView => JSON.parse(line));
    expect(events.filter(({ kind }) => kind === "quarantine").map(({ name }) => name)).toContain(
      stale[0]?.name,
    );
    expect(events.filter(({ kind, state }) => kind === "evacuate" && state === "done")).toHaveLength(
      stale.length,
    );
  }, 180_000);

  test("what a move would take is said, and nothing is moved", async () => {
    const [name = ""] = await namesOn("h1");
    const plan = await lab.hosts[0].json<MovePlan>("move-plan", name, "--to", "h2");

    expect(plan).toMatchObject({ name, from: "h1", to: "h2", obstacles: [], dataBytes: 32 * 2 ** 20 });
    expect(plan.steps.length).toBeGreaterThan(5);
    expect(await show(name)).toMatchObject({ host: "h1", state: "running" });
  });

  test("a host that drains keeps what it has and gets no more", async () => {
    await lab.hosts[0].plimsoll("host", "drain", "h1");
    expect(await hostOf("h1")).toMatchObject({ state: "draining" });
    expect((await lab.hosts[0].ct("create", "x", ...SMALL, "--on", "h1")).stderr).toContain("h1 is draining");
    await lab.hosts[1].plimsoll("host", "readmit", "h1");
    await becomes("h1", "ready");
    const names = (await lab.hosts[1].json("list")).map(({ name }) => name);
    expect(await lab.hosts[1].ct("destroy", ...names)).toMatchObject({ code: 0 });
    expect(await lab.hosts[0].json("list")).toEqual([]);
  });
});
