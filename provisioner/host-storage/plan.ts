import type { LogicalVolume, PhysicalVolume, VolumeGroup } from "../volumes/lvm.ts";

/** The host's storage as `host.yaml` wants it: a volume group, and a thin pool in it where disks are thin. */
export interface HostStorageSpec {
  readonly group: string;
  /** Block devices that the group shall have; others it may have as well. */
  readonly devices: readonly string[];
  readonly pool?: { readonly name: string; readonly percent: number } | undefined;
}

/** What there is at the path of a device. */
export interface ObservedDevice {
  readonly path: string;
  /** Behind links; undefined where there is no block device. */
  readonly device: string | undefined;
  /** What it carries, as wipefs(8) calls it: `ext4`, `gpt`, `LVM2_member`. */
  readonly signatures: readonly string[];
}

export interface ObservedStorage {
  readonly hasDeviceMapper: boolean;
  readonly groups: readonly VolumeGroup[];
  readonly physicalVolumes: readonly PhysicalVolume[];
  /** Of the wanted group. */
  readonly volumes: readonly LogicalVolume[];
  readonly devices: readonly ObservedDevice[];
}

/** The kinds of change, and what each is about. */
export interface HostStorageChangeArgs {
  createGroup: { readonly group: string; readonly devices: readonly string[] };
  extendGroup: { readonly group: string; readonly devices: readonly string[] };
  createPool: { readonly group: string; readonly pool: string; readonly percent: number };
}

export type HostStorageChange<K extends keyof HostStorageChangeArgs = keyof HostStorageChangeArgs> = {
  [P in K]: { readonly kind: P } & HostStorageChangeArgs[P];
}[K];

/** Why the changes must not be made as they are. */
export interface HostStorageProblem {
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

export interface HostStoragePlan {
  /** In the order to make them; none when all is as wanted. */
  readonly changes: readonly HostStorageChange[];
  readonly problems: readonly HostStorageProblem[];
}

/** What makes the host's storage be as wanted. Nothing is ever taken out of a group, and nothing overwritten. */
export function planHostStorage(observed: ObservedStorage, wanted: HostStorageSpec): HostStoragePlan {
  const { group, pool } = wanted;
  const isThere = observed.groups.some(({ name }) => name === group);
  const devices = observed.devices.flatMap(({ device }) =>
    device === undefined || groupOf(observed, device) === group ? [] : [device],
  );
  const volume = observed.volumes.find(({ name }) => name === pool?.name);
  return {
    changes: [
      ...(isThere ? [] : [{ kind: "createGroup" as const, group, devices }]),
      ...(isThere && devices.length > 0 ? [{ kind: "extendGroup" as const, group, devices }] : []),
      ...(pool !== undefined && volume === undefined
        ? [{ kind: "createPool" as const, group, pool: pool.name, percent: pool.percent }]
        : []),
    ],
    problems: [
      ...findKernelProblems(observed),
      ...(isThere || wanted.devices.length > 0 ? [] : [noGroup(group)]),
      ...observed.devices.flatMap((each) => findDeviceProblems(observed, each, group)),
      ...(volume === undefined || volume.metadataBytes !== undefined ? [] : [noPool(group, volume)]),
    ],
  };
}

function findKernelProblems({ hasDeviceMapper }: ObservedStorage): readonly HostStorageProblem[] {
  if (hasDeviceMapper) return [];
  return [
    {
      subject: "storage",
      message: "the kernel has no device-mapper, which makes devices of logical volumes",
      hint: "modprobe dm_mod; without storage in host.yaml, disks are files",
    },
  ];
}

function findDeviceProblems(
  observed: ObservedStorage,
  { path, device, signatures }: ObservedDevice,
  group: string,
): readonly HostStorageProblem[] {
  if (device === undefined) return [{ subject: path, message: "is no block device" }];
  const owner = groupOf(observed, device);
  if (owner === group) return [];
  if (owner !== undefined) return [{ subject: path, message: `belongs to the volume group ${owner}` }];
  const foreign = signatures.filter((signature) => signature !== "LVM2_member");
  if (foreign.length === 0) return [];
  return [
    {
      subject: path,
      message: `is in use, or was: it carries ${foreign.join(", ")}`,
      hint: `if nobody needs what is on it: wipefs --all ${path}`,
    },
  ];
}

function groupOf({ physicalVolumes }: ObservedStorage, device: string): string | undefined {
  return physicalVolumes.find((each) => each.device === device)?.group;
}

function noGroup(group: string): HostStorageProblem {
  return {
    subject: group,
    message: "this volume group is not there",
    hint: "name its block devices as storage.devices in host.yaml",
  };
}

function noPool(group: string, { name }: LogicalVolume): HostStorageProblem {
  return { subject: `${group}/${name}`, message: "is a volume, not a thin pool" };
}
