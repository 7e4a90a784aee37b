import { afterEach, expect, test } from "vitest";
import {
  hasDeviceMapper,
  observeHostStorage,
  parseSignatures,
  reversibleStorageChange,
} from "../../../../provisioner/host-storage/apply.ts";
import {
  type HostStoragePlan,
  type HostStorageSpec,
  planHostStorage,
} from "../../../../provisioner/host-storage/plan.ts";
import { Lvm } from "../../../../provisioner/volumes/lvm.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { LVM_LAB, openLvmDevices } from "../../../support/lvm.ts";

const MIB = 2 ** 20;
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("signatures, and none", () => {
  expect(parseSignatures("")).toEqual([]);
  expect(
    parseSignatures('{"signatures": [{"device":"sdb","type":"gpt"},{"device":"sdb","type":"PMBR"}]}'),
  ).toEqual(["gpt", "PMBR"]);
  expect(() => parseSignatures("wipefs: no")).toThrow("wipefs: output is not JSON as expected");
});

test("device-mapper is what dmsetup reaches", async () => {
  const answer = (code: number, stdout: string) => async () => ({ code, stdout, stderr: "" });
  const library = "Library version:   1.02.185\n";

  expect(await hasDeviceMapper(answer(0, `${library}Driver version:    4.47.0\n`))).toBe(true);
  expect(await hasDeviceMapper(answer(1, library))).toBe(false);
});

testIf(...LVM_LAB, hasCommand("mkfs.ext4"))("a group is made, extended, and taken back", async () => {
  const { run, devices } = await openLvmDevices(cleanup, [64 * MIB, 64 * MIB]);
  const [first = "", second = ""] = devices;
  const lvm = new Lvm(run);
  const plan = async (spec: HostStorageSpec): Promise<HostStoragePlan> =>
    planHostStorage({ ...(await observeHostStorage(spec, run)), hasDeviceMapper: true }, spec);
  const carryOut = async (spec: HostStorageSpec): Promise<() => Promise<unknown>> => {
    const { changes, problems } = await plan(spec);
    expect(problems).toEqual([]);
    const [change, ...more] = changes;
    expect(more).toEqual([]);
    if (change === undefined) expect.fail("nothing to do");
    const reversible = reversibleStorageChange(change, lvm);
    await reversible.make();
    expect((await plan(spec)).changes).toEqual([]);
    return reversible.undo;
  };
  const group = `plimsoll-init-${process.pid}`;

  const undoCreate = await carryOut({ group, devices: [first] });
  const undoExtend = await carryOut({ group, devices });
  expect((await lvm.groups())[0]?.bytes).toBe(120 * MIB);

  for (const _ of [1, 2]) await undoExtend();
  expect(await lvm.physicalVolumes()).toEqual([{ device: first, group }]);
  for (const _ of [1, 2]) await undoCreate();
  expect(await lvm.physicalVolumes()).toEqual([]);

  await run(["mkfs.ext4", "-q", second]);
  expect((await plan({ group, devices })).problems).toMatchObject([
    {
      subject: second,
      message: "is in use, or was: it carries ext4",
      hint: expect.stringContaining("wipefs"),
    },
  ]);
  expect((await plan({ group, devices: ["/dev/null"] })).problems[0]?.message).toBe("is no block device");
});
