import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { MachineView } from "../../provisioner/ct/views.ts";
import { Lvm } from "../../provisioner/volumes/lvm.ts";
import { Cleanup } from "../support/cleanup.ts";
import { CT_LAB, CtLab, IMAGE } from "../support/ct-lab.ts";
import { describeIf } from "../support/host.ts";
import { hasDeviceMapper, LVM_LAB, type LvmLab, openLvmLab } from "../support/lvm.ts";
import { PATIENCE } from "../support/patience.ts";

const MIB = 2 ** 20;

describeIf(
  ...CT_LAB,
  ...LVM_LAB,
  hasDeviceMapper,
)("a machine on a logical volume", () => {
  const cleanup = new Cleanup();
  let lab: CtLab;
  let lvm: LvmLab;
  beforeAll(async () => {
    lvm = await openLvmLab(cleanup, 384 * MIB);
    lab = await CtLab.open(cleanup);
    const file = lab.env.PLIMSOLL_HOST_CONFIG ?? "";
    const config = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...config, storage: { group: lvm.group } }));
    cleanup.add("machine", async () => void (await ct([1, 3], "destroy", "db")));
  });
  afterAll(() => cleanup.run());

  /** `plimsoll ct …` that sees the lab's volume group. */
  function ct(failures: readonly number[], ...args: readonly string[]): Promise<ExecResult> {
    const env = { ...lab.env, ...lvm.env };
    return exec(lab.argv("ct", ...args), { env, timeoutMs: 120_000 * PATIENCE, okCodes: [0, ...failures] });
  }

  const volumes = async (): Promise<readonly number[]> =>
    (await new Lvm(lvm.run).volumes(lvm.group)).map(({ bytes }) => bytes);

  test("is made, grows while it runs, is made smaller while it is stopped, and leaves nothing", async () => {
    const size = ["--net", "front", "--fs", "ext4", "--disk", "64M", "--memory", "96M"];
    const made = await ct([], "create", "db", "--image", IMAGE, ...size, "--json");
    const [db] = JSON.parse(made.stdout) as readonly MachineView[];
    expect(db).toMatchObject({ state: "running", diskBytes: 64 * MIB });
    expect(await volumes()).toEqual([64 * MIB]);
    await ct([], "exec", "db", "--", "sh", "-c", "echo kept > /data/file");

    await ct([], "resize", "db", "--disk", "128M");
    expect(await volumes()).toEqual([128 * MIB]);
    await ct([], "stop", "db");
    await ct([], "resize", "db", "--disk", "96M");
    await ct([], "start", "db");
    expect(await volumes()).toEqual([96 * MIB]);
    expect((await ct([], "exec", "db", "--", "cat", "/data/file")).stdout).toBe("kept\n");
    expect((await ct([], "repair", "db", "--dry-run")).stdout).toBe("nothing to do\n");

    await ct([], "destroy", "db");
    expect(await volumes()).toEqual([]);
  });
});
