import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Exec, type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, describeIf, testIf } from "../support/host.ts";
import { hasDeviceMapper, LVM_LAB, openLvmDevices } from "../support/lvm.ts";
import { OVS_LAB, type OvsHost, OvsLab } from "../support/ovs-lab.ts";
import { programArgv } from "../support/run-program.ts";

const MIB = 2 ** 20;
const lacksDeviceMapper: Condition = {
  reason: "needs a kernel without device-mapper",
  met: () => !hasDeviceMapper.met(),
};

describeIf(...OVS_LAB)("plimsoll host init", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  let host: OvsHost;

  beforeAll(async () => {
    host = await lab.host("h1");
    await lab.connect(host, await lab.fabric());
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  /** `plimsoll host …` on the simulated host. */
  const plimsoll = (values: object, ...args: readonly string[]): Promise<ExecResult> =>
    plimsollWith(exec, values, ...args);
  async function plimsollWith(run: Exec, values: object, ...args: readonly string[]): Promise<ExecResult> {
    const config = join(host.folder, "host.json");
    writeFileSync(config, JSON.stringify({ name: "h1", ovs: host.database.remote, ...values }));
    const argv = programArgv("plimsoll", "host", ...args, "--config", config);
    return run(["nsenter", `--net=${host.namespace}`, "--", ...argv], { okCodes: [0, 1, 2] });
  }
  const wanted = { bond: { nics: ["p1", "p2"], primary: "p1", vlans: [100, 200] } };
  const ports = (): Promise<string> => host.database.vsctl("--columns=name", "--format=csv", "list", "Port");

  test("asks first, and changes nothing when nobody can be asked", async () => {
    const { code, stderr } = await plimsoll(wanted, "init");

    expect(code).toBe(2);
    expect(stderr).toBe(
      "error: host init: nobody can be asked (hint: --dry-run shows the plan, --yes makes it)\n",
    );
    expect(await ports()).toBe("name");
  });

  test("a NIC that carries the host's own address is refused", async () => {
    await host.ip("address", "add", "192.0.2.4/24", "dev", "p2");

    const { code, stderr } = await plimsoll(wanted, "init", "--yes");

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: p2: carries 192\.0\.2\.4\/24, which stops to work in a bond \(hint: .*\)\n$/,
    );
    expect(await ports()).toBe("name");
    await host.ip("address", "flush", "dev", "p2");
  });

  test("prints the plan, makes it, and then has nothing to do", async () => {
    const plan = (await plimsoll(wanted, "init", "--dry-run")).stdout;
    expect(plan).toMatch(
      /^create bridge br0, \w+ datapath\ncreate bond bond0 on br0: p1, p2, p1 preferred, VLANs 100, 200\n$/,
    );
    expect(await ports()).toBe("name");

    expect(await plimsoll(wanted, "init", "--yes")).toMatchObject({ code: 0, stdout: plan, stderr: "" });
    expect(await plimsoll(wanted, "init", "--yes")).toMatchObject({ code: 0, stdout: "nothing to do\n" });
    expect(JSON.parse((await plimsoll(wanted, "init", "--yes", "--json")).stdout)).toEqual([]);
  });

  test("says what it is, and what is missing", async () => {
    const { stdout } = await plimsoll(wanted, "status");
    expect(stdout).toMatch(/^network: {2}br0, \w+ datapath; p1 active; p2 standing by$/m);

    const { code, stdout: findings } = await plimsoll({ ...wanted, shim: "/nowhere" }, "doctor");
    expect(code).toBe(1);
    expect(findings).toMatch(/^ok {5}NIC p1 has carrier, and is active$/m);
    expect(findings).toMatch(/^wrong {2}shim: nobody serves \/nowhere/m);
  });

  const storageOf = (devices: readonly string[]): object => ({
    ...wanted,
    storage: { group: "plimsoll-init", devices, thin: { pool: "thin", size: "50%" } },
  });

  testIf(...LVM_LAB, lacksDeviceMapper)("without device-mapper no volume group is made", async () => {
    const { run, devices } = await openLvmDevices(cleanup, [64 * MIB]);

    const { code, stderr } = await plimsollWith(run, storageOf(devices), "init", "--yes");

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: storage: the kernel has no device-mapper, .* \(hint: modprobe dm_mod; .*\)\n$/,
    );
    expect((await run(["vgs", "--noheadings"])).stdout.trim()).toBe("");
  });

  testIf(...LVM_LAB, hasDeviceMapper)("a volume group and a thin pool, and a device more", async () => {
    const { run, devices } = await openLvmDevices(cleanup, [128 * MIB, 128 * MIB]);
    cleanup.add("volume group", () => run(["vgremove", "--force", "--yes", "plimsoll-init"]).then(() => {}));
    const [first = "", second = ""] = devices;

    const made = await plimsollWith(run, storageOf([first]), "init", "--yes", "--json");
    expect(JSON.parse(made.stdout)).toEqual([
      `create volume group plimsoll-init of ${first}`,
      "create thin pool plimsoll-init/thin of 50 % of what is free",
    ]);
    const more = await plimsollWith(run, storageOf([first, second]), "init", "--yes", "--json");
    expect(JSON.parse(more.stdout)).toEqual([`add ${second} to volume group plimsoll-init`]);

    const { stdout } = await plimsollWith(run, storageOf(devices), "status");
    expect(stdout).toMatch(/^storage: {2}volume group plimsoll-init, .*; thin pool of .*, 0 % full/m);
  });

  test("a bond that changes is changed in place", async () => {
    const more = { bond: { ...wanted.bond, vlans: [100, 200, 300] } };

    const { stdout } = await plimsoll(more, "init", "--yes", "--json");

    expect(JSON.parse(stdout)).toEqual(["change bond bond0: VLANs 100 200, not 100 200 300"]);
  });
});
