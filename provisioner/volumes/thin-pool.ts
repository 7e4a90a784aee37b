import type { LogicalVolume, VolumeGroup } from "./lvm.ts";

/** How much of a thin pool is promised, and when something has to happen. */
export interface ThinPolicy {
  /** Its name in the volume group. */
  readonly pool: string;
  /** How many times its size may be promised to machines. */
  readonly overcommit: number;
  /** So full, in percent, it takes more of its group. */
  readonly extendPercent: number;
  /** So full, in percent, nothing more of it is promised. */
  readonly fullPercent: number;
}

export interface ThinPool {
  readonly bytes: number;
  /** The sizes of all volumes in it. */
  readonly promisedBytes: number;
  readonly dataPercent: number;
  readonly metadataPercent: number;
  readonly metadataBytes: number;
  readonly zeroes: boolean;
}

/** What `lvextend` adds to a pool. */
interface PoolExtension {
  readonly dataBytes: number;
  readonly metadataBytes: number;
}

const DATA_STEP = 0.2;
/** The largest that a pool can use (lvmthin(7)). */
const MAX_METADATA_BYTES = 16 * 2 ** 30;

/** Undefined when the group has none of that name. A pool that is not active tells no percentage: as if empty. */
export function findPool(volumes: readonly LogicalVolume[], name: string): ThinPool | undefined {
  const pool = volumes.find((each) => each.name === name && each.metadataBytes !== undefined);
  if (pool === undefined) return undefined;
  const inside = volumes.filter((each) => each.pool === name);
  return {
    bytes: pool.bytes,
    promisedBytes: inside.reduce((sum, { bytes }) => sum + bytes, 0),
    dataPercent: pool.dataPercent ?? 0,
    metadataPercent: pool.metadataPercent ?? 0,
    metadataBytes: pool.metadataBytes ?? 0,
    zeroes: pool.zeroes,
  };
}

/** Why so many bytes more must not be promised; undefined when they may. */
export function findRefusal(pool: ThinPool, policy: ThinPolicy, bytes: number): string | undefined {
  // What one machine has written could be read by the next.
  if (!pool.zeroes) return "does not clear blocks before it gives them out (lvchange --zero y mends that)";
  if (pool.dataPercent >= policy.fullPercent) return `is ${pool.dataPercent} % full`;
  if (pool.metadataPercent >= policy.fullPercent) return `has metadata ${pool.metadataPercent} % full`;
  const promised = (pool.promisedBytes + bytes) / pool.bytes;
  if (promised <= policy.overcommit) return undefined;
  return `would be promised ${promised.toFixed(2)} times, and ${policy.overcommit} times is allowed`;
}

/** What to add to a pool that is fuller than it should be, as far as its group has it; undefined for nothing. */
export function planExtension(
  pool: ThinPool,
  { freeBytes, extentBytes }: VolumeGroup,
  { extendPercent }: ThinPolicy,
): PoolExtension | undefined {
  const inExtents = (bytes: number): number => Math.ceil(bytes / extentBytes) * extentBytes;
  const room = Math.max(0, MAX_METADATA_BYTES - pool.metadataBytes);
  const wantedMetadata =
    pool.metadataPercent >= extendPercent ? Math.min(room, inExtents(pool.metadataBytes)) : 0;
  const metadataBytes = Math.min(wantedMetadata, freeBytes);
  const wantedData = pool.dataPercent >= extendPercent ? inExtents(pool.bytes * DATA_STEP) : 0;
  const dataBytes = Math.min(wantedData, freeBytes - metadataBytes);
  return dataBytes + metadataBytes === 0 ? undefined : { dataBytes, metadataBytes };
}
