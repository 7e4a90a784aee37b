import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { ApiClient } from "../../provisioner/api/client.ts";
import type { Status } from "../../provisioner/api/routes/status.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import type { EventView } from "../../provisioner/events/render.ts";
import { containerName, holderName, portName } from "../../provisioner/executors/names.ts";
import type { RequestView } from "../../provisioner/serve/desk.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, GATEWAY, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { expectNothingLeft, type HostSnapshot, snapshotHost } from "../support/leaks.ts";
import { ping } from "../support/ovs-lab.ts";
import { type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

/** Ends when it is told to, and as soon as there is a file that says so. */
const SERVE = [
  "sh",
  "-c",
  "echo listening; trap 'exit 0' TERM; while :; do [ -e /data/crash ] && { echo no luck; exit 3; }; sleep 0.1; done",
];
const SMALL = ["--image", IMAGE, "--net", "front", "--fs", "ext4", "--disk", "32M", "--memory", "96M"];
/** Nothing comes by the timer alone, unless a test has a daemon of its own. */
const SELDOM = ["--interval", "10m"];

describeIf(...CT_LAB)("a host's daemon", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let before: HostSnapshot;
  let daemon: RunningProgram;
  let web: MachineView;
  beforeAll(async () => {
    lab = await CtLab.open(cleanup);
    before = snapshotHost();
    daemon = await lab.serve(...SELDOM);
  });
  afterAll(() => cleanup.run());

  const ref = (): { id: string; name: string } => ({ id: web.id, name: web.name });
  const image = (): string => containerName(ref(), web.generation);
  const show = (): Promise<MachineView> => lab.json<MachineView>("show", "web");
  const volume = (): string => join(lab.folder, "machines/volumes", web.id);
  const reaches = async (): Promise<boolean> =>
    (await ping(await lab.namespaceOf("web"), GATEWAY, { count: 1 })) === 1;

  /** Everything is as it was promised, and stays so. */
  async function expectMended(what: string): Promise<void> {
    await waitFor(
      what,
      async () => {
        const { state, busy } = await show();
        return state === "running" && busy === null && (await reaches().catch(() => false));
      },
      30_000,
    );
    await waitFor(`${what}: nothing left`, async () => {
      const { stdout } = await lab.ct("repair", "web", "--dry-run");
      return stdout === "nothing to do\n";
    });
    expect(await show()).toMatchObject({ ip: web.ip, mac: web.mac, generation: web.generation });
    expect(await lab.inside("web", "cat", "/data/file")).toBe("kept");
  }

  async function stopDaemon(signal: NodeJS.Signals): Promise<void> {
    await daemon.stop(signal);
  }

  test("does what plimsoll ct asks for, and only root may ask", async () => {
    const made = await lab.ct("create", "web", ...SMALL, "--cpus", "0.5", "--json", "--", ...SERVE);

    expect(made).toMatchObject({ code: 0, stderr: "" });
    [web] = JSON.parse(made.stdout);
    expect(web).toMatchObject({ name: "web", state: "running", busy: null, trouble: null });
    expect(daemon.lines.some((line) => line.includes('"msg":"operation ended"'))).toBe(true);
    expect(statSync(lab.socket).mode & 0o777).toBe(0o600);
    await lab.inside("web", "sh", "-c", "echo kept > /data/file");
    expect((await lab.ct("create", "web", ...SMALL)).stderr).toBe("error: container web: is there already\n");
    expect(await lab.ct("stop", "nobody")).toMatchObject({ code: 3, stderr: /container nobody: not found/ });
    expect(await lab.ct("resize", "web", "--cpus", "many")).toMatchObject({ code: 2, stderr: /--cpus/ });
  });

  test("runs a command inside, gives it input, and tells what the program has written", async () => {
    const api = new Client("http://localhost", { socketPath: lab.socket });
    const ask = async (method: "GET" | "POST", path: string, body?: object): Promise<readonly object[]> => {
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await api.request({ method, path: `/v1/machines/${path}`, ...content });
      const lines = (await answer.body.text()).trimEnd().split("\n");
      return [{ status: answer.statusCode }, ...lines.map((line) => JSON.parse(line))];
    };
    const command = ["sh", "-c", "cat; echo no luck >&2; exit 7"];
    const [status, ...lines] = await ask("POST", "web/exec", { command, input: "für" });
    const silent = await ask("POST", "web/exec", { command: ["sh", "-c", "exit 3"] });
    const logs = await ask("GET", "web/logs?tail=1");
    const refusals = [
      await ask("POST", "nobody/exec", { command }),
      await ask("POST", "web/exec", { command: "sh" }),
      await ask("POST", "web/exec", { command: [] }),
      await ask("GET", "web/logs?tail=all"),
      await ask("GET", "web/logs?follow=maybe"),
    ];
    await api.close();

    expect(status).toEqual({ status: 200 });
    expect(lines).toContainEqual({ event: "output", stream: "stdout", text: "für" });
    expect(lines).toContainEqual({ event: "output", stream: "stderr", text: "no luck\n" });
    expect(lines.at(-1)).toEqual({ event: "end", exitCode: 7 });
    expect(silent).toEqual([{ status: 200 }, { event: "end", exitCode: 3 }]);
    expect(logs).toEqual([{ status: 200 }, { event: "output", stream: "stdout", text: "listening\n" }]);
    expect(refusals.map(([first]) => first)).toEqual(
      [404, 400, 400, 400, 400].map((each) => ({ status: each })),
    );
  });

  test("an operation that has ended is not taken back", async () => {
    const client = new ApiClient(lab.socket);
    const { id } = await client.call<RequestView>("POST", "/v1/operations", {
      kind: "repair",
      names: ["web"],
    });
    await waitFor("its end", async () => {
      const { state } = await client.call<RequestView>("GET", `/v1/operations/${id}`);
      return state === "ended";
    });

    await expect(client.call("DELETE", `/v1/operations/${id}`)).rejects.toThrow(`operation ${id}: has ended`);
    await client.close();
  });

  test("starts a program again that has ended", async () => {
    await lab.withEngine((engine) => engine.stopContainer(image(), 2));

    await expectMended("a container stopped by hand");
  });

  test("plugs a card again whose port was deleted", async () => {
    await lab.switchHost.database.vsctl("del-port", portName(ref()));

    await expectMended("a port deleted by hand");
  });

  test("mends a machine whose holder was killed: another namespace, the same address", async () => {
    const was = await lab.namespaceOf("web");
    await lab.withEngine((engine) => engine.stopContainer(holderName(ref()), 0));

    await expectMended("a holder killed");
    expect(await lab.namespaceOf("web")).not.toBe(was);
  });

  test("mends all cards after a restart of the switch", async () => {
    await lab.switchHost.stopSwitch("SIGKILL");
    await lab.switchHost.startSwitch();
    await lab.raiseGateway();

    await expectMended("a switch restarted");
  });

  test("sets limits back that were changed behind its back", async () => {
    await lab.withEngine((engine) =>
      engine.updateContainer(image(), { Memory: 200 * 2 ** 20, MemorySwap: 200 * 2 ** 20 }),
    );

    await waitFor("limits", async () => (await lab.inside("web", "free", "-m")).includes(" 96 "));
    await expectMended("limits changed by hand");
  });

  test("leaves alone what an operator has stopped, and stops it again", async () => {
    expect((await lab.ct("stop", "web")).stdout).toBe("web is stopped\n");
    await lab.withEngine((engine) => engine.startContainer(image()));

    await waitFor("stopped again", async () => (await show()).state === "stopped");
    expect(await show()).toMatchObject({ power: "off", trouble: null });
    const announced = await lab.fetch(`${lab.collectorUrl}/api/v1/machines/${web.ip}/events`);
    expect(announced).toContain('"change":"stop"');
    expect((await lab.ct("start", "web")).stdout).toBe("web runs\n");
    await expectMended("started");
  });

  test("tells of a program that ends again and again, and waits longer and longer", async () => {
    writeFileSync(join(volume(), "crash"), "");

    const { trouble } = await waitFor(
      "trouble",
      async () => {
        const view = await show();
        return view.trouble !== null && view;
      },
      30_000,
    );
    expect(trouble).toMatch(/it has ended: exit code 3: no luck; tried again in \d+ s/);
    const events = await lab.ct("events", "web", "--tail", "5");
    expect(events.stdout).toMatch(/ {2}lab {2}web {2}trouble begun: .*no luck/);
    const client = new ApiClient(lab.socket);
    const { troubles } = await client.call<Status>("GET", "/v1/status");
    await client.close();
    expect(troubles).toEqual([{ name: "web", text: expect.stringContaining("no luck") }]);
    expect(daemon.lines.filter((line) => line.includes('"msg":"mending"')).length).toBeLessThan(20);

    rmSync(join(volume(), "crash"));
    expect((await lab.ct("start", "web")).code).toBe(0);
    await expectMended("a program that runs again");
  });

  test("killed in the middle of a creation: the next one finishes it, and who had asked is answered", async () => {
    const asking = startProgram(
      cleanup,
      lab.argv("ct", "create", "more", "--count", "3", ...SMALL, "--json"),
      {
        env: lab.env,
      },
    );
    await waitFor("its first steps", async () => (await lab.json("list")).length === 4);
    await stopDaemon("SIGKILL");
    daemon = await lab.serve("--interval", "2s", "--orphan-rest", "3s");

    expect(await asking.ended, asking.lines.join("\n")).toBe(0);
    const made: readonly MachineView[] = JSON.parse(asking.stdout.join(""));
    expect(made.map(({ name }) => name).sort()).toEqual(["more-1", "more-2", "more-3"]);
    expect(made.every(({ state, busy }) => state === "running" && busy === null)).toBe(true);
    expect((await lab.ct("destroy", "more-1", "more-2", "more-3")).code).toBe(0);
  });

  test("finds by its timer what nobody tells: a volume that is not mounted", async () => {
    await waitFor("trouble is over", async () => (await show()).trouble === null, 30_000);
    await exec(["umount", volume()]);

    await waitFor("mounted", async () => existsSync(join(volume(), "file")));
    await expectMended("a volume that was not mounted");
  });

  test("tells of orphans; removes them later, and only of machines that the store saw destroyed", async () => {
    const [gone] = (await lab.json("create", "gone", ...SMALL)) as [MachineView];
    expect((await lab.ct("destroy", "gone")).code).toBe(0);
    const stranger = "00000000-0000-4000-8000-000000000001";
    const make = (name: string, id: string): Promise<string> =>
      lab.withEngine((engine) =>
        engine.createContainer(name, { Image: IMAGE, Cmd: ["true"], Labels: { "io.plimsoll.machine": id } }),
      );
    await make("orphan", gone.id);
    await make("stranger", stranger);

    const ours = async (): Promise<readonly string[]> =>
      lab.withEngine(async (engine) =>
        (await engine.listContainers("io.plimsoll.machine")).map(
          ({ labels }) => labels["io.plimsoll.machine"] ?? "",
        ),
      );
    await waitFor("the orphan is removed", async () => !(await ours()).includes(gone.id), 20_000);
    expect(await ours()).toContain(stranger);
    const { stdout } = await lab.ct("events", "--json");
    const told: readonly EventView[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const orphans = told.filter(({ kind }) => kind === "orphan").map(({ state, id }) => [state, id]);
    expect(orphans).toEqual(
      expect.arrayContaining([
        ["found", gone.id],
        ["found", stranger],
        ["removed", gone.id],
      ]),
    );
    expect(orphans).not.toContainEqual(["removed", stranger]);
    await lab.withEngine((engine) => engine.removeContainer("stranger"));
  });

  test("after a reboot: everything is there again but what the store has no word of", async () => {
    await stopDaemon("SIGTERM");
    await lab.withEngine(async (engine) => {
      await engine.removeContainer(image());
      await engine.removeContainer(holderName(ref()));
    });
    await exec(["umount", volume()]);
    await lab.switchHost.stopSwitch("SIGTERM");
    await lab.switchHost.startSwitch();
    await lab.raiseGateway();
    daemon = await lab.serve(...SELDOM);

    await expectMended("a host that has booted");
  });

  test("what an engine has started before the volume was there runs on the volume again", async () => {
    await stopDaemon("SIGTERM");
    await lab.withEngine(async (engine) => {
      await engine.stopContainer(image(), 2);
      await exec(["umount", volume()]);
      await engine.startContainer(image());
    });
    daemon = await lab.serve(...SELDOM);

    await waitFor("the volume inside", () => lab.inside("web", "cat", "/data/file").catch(() => undefined));
    await expectMended("a container beside its volume");
  });

  test("destroyed through it, nothing is left", async () => {
    expect((await lab.ct("destroy", "web")).stdout).toBe("web is gone\n");
    expect(await lab.json("list")).toEqual([]);
    await stopDaemon("SIGTERM");
    expect(existsSync(lab.socket)).toBe(false);
    await expectNothingLeft(before);
  });
});
