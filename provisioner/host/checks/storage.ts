import { errnoOf } from "../../../core/runtime/errors.ts";
import type { Exec } from "../../../core/runtime/exec.ts";
import type { Finding } from "../../../core/runtime/finding.ts";
import { hasDeviceMapper } from "../../host-storage/apply.ts";
import { renderBytes } from "../../step/render.ts";
import { findRefusal, type ThinPolicy, type ThinPool } from "../../volumes/thin-pool.ts";
import type { StorageStatus } from "../status.ts";
import { type Check, finding, wrong } from "./finding.ts";

/** Of a group or a file system, in percent, that is to be known. */
const LITTLE_PERCENT = 10;

/** Where disks come from, what they can grow by, and the tools of their file systems. */
export const checkStorage: Check = async ({ config, run, status: { storage } }) => {
  const tools = await checkTools(run, config.storage?.thin !== undefined);
  if (storage.problem !== undefined) return [wrong(storage), ...tools];
  const places = config.storage === undefined ? [await findFiles(run)] : [await findKernel(run)];
  return [...places, findRoom(storage), ...findPoolState(storage.pool, config.storage?.thin), ...tools];
};

async function findFiles(run: Exec): Promise<Finding> {
  const can = await canMapDevices(run);
  const hint = can
    ? "name a volume group as storage in host.yaml"
    : "this kernel has no device-mapper (modprobe dm_mod)";
  return { state: "note", what: "disks are files: a volume group is faster, and can be thin", hint };
}

async function findKernel(run: Exec): Promise<Finding> {
  return finding(await canMapDevices(run), "the kernel has device-mapper", {
    state: "wrong",
    what: "the kernel has no device-mapper: logical volumes cannot be used",
    hint: "modprobe dm_mod, or have disks as files, without storage in host.yaml",
  });
}

function findRoom({ group, bytes, freeBytes, pool }: StorageStatus): Finding {
  const name = group === undefined ? "disks as files" : `volume group ${group}`;
  const room = `${name}: ${renderBytes(freeBytes)} of ${renderBytes(bytes)} free`;
  // What is not in the pool is what the pool can still take.
  return finding(pool !== undefined || freeBytes >= (bytes * LITTLE_PERCENT) / 100, room, {
    state: "note",
    what: room,
    hint:
      group === undefined
        ? "move machines away"
        : "add a device to storage in host.yaml, then plimsoll host init",
  });
}

function findPoolState(pool: ThinPool | undefined, policy: ThinPolicy | undefined): readonly Finding[] {
  if (pool === undefined || policy === undefined) return [];
  const refusal = findRefusal(pool, policy, 0);
  const state = `thin pool ${policy.pool}: ${pool.dataPercent} % full, metadata ${pool.metadataPercent} %`;
  return [
    finding(refusal === undefined, state, {
      state: "wrong",
      what: `thin pool ${policy.pool} ${refusal}: no new disk, and none grows`,
      hint: "add a device to storage in host.yaml, then plimsoll host init",
    }),
  ];
}

async function checkTools(run: Exec, isThin: boolean): Promise<readonly Finding[]> {
  const tools: readonly (readonly [command: string, from: string, why: string])[] = [
    ["mkfs.ext4", "e2fsprogs", "disks of --fs ext4"],
    ["mkfs.xfs", "xfsprogs", "disks of --fs xfs"],
    ["mkfs.btrfs", "btrfs-progs", "disks of --fs btrfs"],
    ...(isThin ? [["thin_check", "thin-provisioning-tools", "a thin pool"] as const] : []),
  ];
  const findings = tools.map(async ([command, from, why]) =>
    finding(await isInstalled(run, command), `${command} is there, for ${why}`, {
      state: "note",
      what: `no ${command}: ${why} cannot be made`,
      hint: `apt-get install ${from}`,
    }),
  );
  return Promise.all(findings);
}

async function canMapDevices(run: Exec): Promise<boolean> {
  return (await isInstalled(run, "dmsetup")) && (await hasDeviceMapper(run));
}

/** All of them know -V; what they think of it does not matter. */
async function isInstalled(run: Exec, command: string): Promise<boolean> {
  try {
    await run([command, "-V"]);
    return true;
  } catch (error) {
    return errnoOf(error) !== "EXEC_MISSING";
  }
}
