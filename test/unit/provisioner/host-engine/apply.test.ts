import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import {
  observeHostEngine,
  parseSettings,
  reversibleEngineChange,
} from "../../../../provisioner/host-engine/apply.ts";
import { kernelFiles } from "../../../support/check-context.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const MOUNTS = "31 30 8:3 / / rw - xfs /dev/sdb rw,prjquota\n";

/** Says of itself what its configuration said when it was last started, as an engine does. */
async function openEngine(): Promise<{
  readonly socket: string;
  readonly file: string;
  restart(): Promise<void>;
}> {
  const folder = cleanup.temporaryFolder();
  const [socket, file] = [join(folder, "docker.sock"), join(folder, "docker", "daemon.json")];
  let driver = "overlay2";
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ ServerVersion: "20.10.24", Driver: driver, DockerRootDir: "/var" }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("engine", () => new Promise((resolve) => void server.close(() => resolve())));
  return {
    ...{ socket, file },
    restart: async () => {
      const settings = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
      driver = settings["storage-driver"] === "zfs" ? "overlay2" : (settings["storage-driver"] ?? "overlay2");
    },
  };
}

/** lvm2 with one volume group, and the volumes that it is told to make. */
function openLvm(): { readonly run: Exec; readonly seen: string[] } {
  const seen: string[] = [];
  const volumes: object[] = [];
  const run: Exec = async ([command = "", ...args]) => {
    const answer = (report: object) => ({
      stdout: JSON.stringify({ report: [report] }),
      stderr: "",
      code: 0,
    });
    const group = { vg_name: "data", vg_size: "4194304", vg_free: "0", vg_extent_size: "4194304" };
    if (command === "vgs") return answer({ vg: [group] });
    if (command === "lvs") return answer({ lv: volumes });
    seen.push([command, ...args].join(" "));
    return answer({});
  };
  return { run, seen };
}

test("what is there: the engine, the file system it is on, and its settings", async () => {
  const { socket, file, restart } = await openEngine();
  const root = kernelFiles(cleanup, { "proc/self/mountinfo": MOUNTS, "proc/fs/xfs/xqm": "" });
  const spec = { socket, file, rootBytes: 1, pool: { group: "data", name: "docker", bytes: 1 } };

  expect(await observeHostEngine(spec, { ...openLvm(), restart }, root)).toMatchObject({
    info: { Driver: "overlay2" },
    root: { type: "xfs", hasProjectQuota: true },
    settings: {},
    hasPool: false,
    canRestart: true,
  });
  expect((await observeHostEngine({ ...spec, socket: "/nowhere" }, openLvm(), root)).info).toBeUndefined();
});

test("a pool is made that the driver clears itself", async () => {
  const { run, seen } = openLvm();
  const pool = { kind: "createPool", group: "data", name: "docker", bytes: 4096 } as const;
  const { make, undo } = reversibleEngineChange(pool, { run });

  await make();
  await undo();

  expect(seen).toEqual(["lvcreate --yes --type thin-pool --zero n --size 4096b --name docker data"]);
});

test("settings are written and the engine is started with them; they are taken back as they were", async () => {
  const { socket, file, restart } = await openEngine();
  const settings = { "storage-driver": "vfs" };
  const change = { kind: "configure", socket, file, driver: "vfs", settings } as const;
  const { make, undo } = reversibleEngineChange(change, { restart });

  await make();
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(settings);
  await undo();
  expect(existsSync(file)).toBe(false);

  await make();
  writeFileSync(file, '{"storage-driver":"vfs","debug":true}');
  const again = reversibleEngineChange(change, { restart });
  await again.make();
  await again.undo();
  expect(readFileSync(file, "utf8")).toBe('{"storage-driver":"vfs","debug":true}');
});

test("who is killed before the engine is started leaves that to the next, with what there was", async () => {
  const { socket, file, restart } = await openEngine();
  const spec = { socket, file, rootBytes: 1 };
  const change = (driver: string) =>
    ({ kind: "configure", socket, file, driver, settings: { "storage-driver": driver } }) as const;
  const killed = { restart: () => Promise.reject(new Error("killed")) };
  const root = kernelFiles(cleanup, { "proc/self/mountinfo": MOUNTS });
  const isDue = async (): Promise<boolean> => (await observeHostEngine(spec, { restart }, root)).isDue;
  expect(await isDue()).toBe(false);

  for (const before of [undefined, '{"debug":true}']) {
    if (before !== undefined) writeFileSync(file, before);
    await expect(reversibleEngineChange(change("vfs"), killed).make()).rejects.toThrow("killed");
    expect(await isDue()).toBe(true);
    const next = reversibleEngineChange(change("zfs"), { restart });
    await expect(next.make()).rejects.toThrow("stores by overlay2 still");
    expect(await isDue()).toBe(true);
    await next.undo();
    expect(existsSync(file) ? readFileSync(file, "utf8") : undefined).toBe(before);
    expect(await isDue()).toBe(false);
  }

  await expect(reversibleEngineChange(change("vfs"), killed).make()).rejects.toThrow("killed");
  await reversibleEngineChange(change("vfs"), { restart }).make();
  expect(await isDue()).toBe(false);
  expect(readdirSync(dirname(file))).toEqual(["daemon.json"]);
});

test("a file that is root's alone to read stays so", async () => {
  const { socket, file, restart } = await openEngine();
  const change = (driver: string) =>
    ({ kind: "configure", socket, file, driver, settings: { "storage-driver": driver } }) as const;
  await reversibleEngineChange(change("vfs"), { restart }).make();
  expect(statSync(file).mode & 0o777).toBe(0o644);
  writeFileSync(join(dirname(file), "secret"), "{}", { mode: 0o600 });
  renameSync(join(dirname(file), "secret"), file);

  const { make, undo } = reversibleEngineChange(change("btrfs"), { restart });
  await make();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await undo();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("an engine that stores as before, whatever it was told, is an error", async () => {
  const { socket, file, restart } = await openEngine();
  const settings = { "storage-driver": "zfs" };
  const change = { kind: "configure", socket, file, driver: "zfs", settings } as const;

  await expect(reversibleEngineChange(change, { restart }).make()).rejects.toThrow(
    "docker: stores by overlay2 still, not by zfs",
  );
});

test("a configuration that is none is told, not overwritten", () => {
  expect(parseSettings("/e/daemon.json", undefined)).toEqual({});
  expect(parseSettings("/e/daemon.json", " \n")).toEqual({});
  expect(() => parseSettings("/e/daemon.json", "{")).toThrow("/e/daemon.json: is not JSON");
  expect(() => parseSettings("/e/daemon.json", "[]")).toThrow("/e/daemon.json: is no JSON object");
});
