import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UndoStack } from "../../core/runtime/undo.ts";
import {
  type EngineDrivers,
  observeHostEngine,
  reversibleEngineChange,
} from "../../provisioner/host-engine/apply.ts";
import { planHostEngine } from "../../provisioner/host-engine/plan.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type PrivateDocker, startDocker } from "../support/docker.ts";
import { canMakeCgroups, describeIf, hasCommand, isRoot } from "../support/host.ts";
import { recordLog } from "../support/record-log.ts";

describeIf(
  isRoot,
  canMakeCgroups,
  hasCommand("dockerd"),
  hasCommand("runc"),
)("a real engine's storage", () => {
  const cleanup = new Cleanup();
  let docker: PrivateDocker;
  let file: string;
  let drivers: EngineDrivers;
  beforeAll(async () => {
    file = join(cleanup.temporaryFolder(), "daemon.json");
    // One that is named must be there.
    writeFileSync(file, "{}");
    docker = await startDocker(cleanup, "--config-file", file);
    drivers = { restart: () => docker.restart() };
  });
  afterAll(() => cleanup.run());

  const driver = async (): Promise<string | undefined> => {
    const spec = { socket: docker.socket, file, rootBytes: 2 ** 30 };
    return (await observeHostEngine(spec, drivers)).info?.Driver;
  };

  test("is another after the restart that a change brings, and as before once it is taken back", async () => {
    const before = await driver();
    const settings = { "storage-driver": "vfs" };
    const change = { kind: "configure", socket: docker.socket, file, driver: "vfs", settings } as const;
    const { make, undo } = reversibleEngineChange(change, drivers);

    await make();
    expect(await driver()).toBe("vfs");
    await undo();

    expect(await driver()).toBe(before);
    expect(readFileSync(file, "utf8")).toBe("{}");
  });

  test("which is not as it was told is taken back", async () => {
    const before = await driver();
    const settings = { "storage-driver": "vfs" };
    const change = { kind: "configure", socket: docker.socket, file, driver: "btrfs", settings } as const;
    const { make, undo } = reversibleEngineChange(change, drivers);
    const taken = new UndoStack(recordLog());
    taken.add("engine", () => undo().then(() => {}));

    await expect(make()).rejects.toThrow("docker: stores by vfs still, not by btrfs");
    expect(readFileSync(file, "utf8")).toContain("vfs");
    expect(await taken.run()).toEqual([]);

    expect(await driver()).toBe(before);
  });

  test("is left alone where it can have no limit, with what it would need", async () => {
    const spec = { socket: docker.socket, file, rootBytes: 2 ** 30 };
    const observed = await observeHostEngine(spec, drivers);
    const onExt4 = { type: "ext4", hasProjectQuota: false, couldHaveQuota: false };

    expect(planHostEngine({ ...observed, root: onExt4 }, spec)).toMatchObject({
      changes: [],
      problems: [{ subject: "engine", message: expect.stringContaining("has no limit of its own") }],
    });
  });
});
