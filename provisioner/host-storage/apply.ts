/*
 * {"signatures":[{"device":"sdb","offset":"0x438","type":"ext4","uuid":"…","label":null}]}
 *
 * wipefs --json DEVICE (wipefs(8)); nothing at all where there is no signature.
 */
import { realpathSync, statSync } from "node:fs";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { Reversible } from "../host-network/apply.ts";
import { Lvm } from "../volumes/lvm.ts";
import type {
  HostStorageChange,
  HostStorageChangeArgs,
  HostStorageSpec,
  ObservedDevice,
  ObservedStorage,
} from "./plan.ts";

type Reversibles = {
  readonly [K in keyof HostStorageChangeArgs]: (change: HostStorageChange<K>, lvm: Lvm) => Reversible;
};

const REVERSIBLES: Reversibles = {
  createGroup: ({ group, devices }, lvm) => ({
    // Asks nothing, and needs not: what carries anything was refused before.
    make: () => lvm.change("vgcreate", group, ...devices),
    undo: async () => {
      if ((await lvm.groups()).some(({ name }) => name === group)) await lvm.change("vgremove", group);
      await forget(lvm, devices);
    },
  }),
  extendGroup: ({ group, devices }, lvm) => ({
    make: () => lvm.change("vgextend", group, ...devices),
    undo: async () => {
      const added = (await lvm.physicalVolumes()).filter(
        (each) => each.group === group && devices.includes(each.device),
      );
      if (added.length > 0) await lvm.change("vgreduce", group, ...added.map(({ device }) => device));
      await forget(lvm, devices);
    },
  }),
  createPool: ({ group, pool, percent }, lvm) => ({
    make: () =>
      lvm.change(
        ...(["lvcreate", "--type", "thin-pool", "--zero", "y"] as const),
        ...["--extents", `${percent}%FREE`, "--name", pool, group],
      ),
    undo: async () => {
      if ((await lvm.volumes(group)).some(({ name }) => name === pool))
        await lvm.change("lvremove", `${group}/${pool}`);
    },
  }),
};

export function reversibleStorageChange<K extends keyof HostStorageChangeArgs>(
  change: HostStorageChange<K>,
  lvm: Lvm,
): Reversible {
  const kind: K = change.kind;
  return REVERSIBLES[kind](change, lvm);
}

export async function observeHostStorage(
  { group, devices }: HostStorageSpec,
  run: Exec = exec,
): Promise<ObservedStorage> {
  const lvm = new Lvm(run);
  const groups = await lvm.groups();
  return {
    hasDeviceMapper: await hasDeviceMapper(run),
    groups,
    physicalVolumes: await lvm.physicalVolumes(),
    volumes: groups.some(({ name }) => name === group) ? await lvm.volumes(group) : [],
    devices: await Promise.all(devices.map((path) => observeDevice(path, run))),
  };
}

/** dmsetup asks the kernel, which loads its module then. */
export async function hasDeviceMapper(run: Exec = exec): Promise<boolean> {
  const { code, stdout } = await run(["dmsetup", "version"], { okCodes: [0, 1] });
  return code === 0 && /^Driver version:/m.test(stdout);
}

export function parseSignatures(text: string): readonly string[] {
  if (text.trim() === "") return [];
  try {
    const { signatures } = JSON.parse(text);
    return signatures.map(({ type }: { readonly type: unknown }) => String(type));
  } catch (cause) {
    throw new PlimsollError("STORAGE", "wipefs: output is not JSON as expected", { cause });
  }
}

async function observeDevice(path: string, run: Exec): Promise<ObservedDevice> {
  if (!statSync(path, { throwIfNoEntry: false })?.isBlockDevice())
    return { path, device: undefined, signatures: [] };
  const { stdout } = await run(["wipefs", "--json", path]);
  return { path, device: realpathSync(path), signatures: parseSignatures(stdout) };
}

/** Those that are in no group are plain devices again. */
async function forget(lvm: Lvm, devices: readonly string[]): Promise<void> {
  const free = (await lvm.physicalVolumes()).filter(
    (each) => each.group === undefined && devices.includes(each.device),
  );
  if (free.length > 0) await lvm.change("pvremove", ...free.map(({ device }) => device));
}
