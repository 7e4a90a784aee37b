export type FileSystem = "ext4" | "xfs" | "btrfs";

export interface VolumeSpec {
  readonly bytes: number;
  readonly fileSystem: FileSystem;
}

export interface VolumeState {
  readonly bytes: number;
  readonly isMounted: boolean;
  /** Mounted still, and the disk below it was taken away: nobody can open it again. */
  readonly isGone?: true;
}

/** Data volumes by the id of the machine they belong to. Every step may be repeated. */
export interface Volumes {
  /** Undefined when there is none. */
  observe(id: string): Promise<VolumeState | undefined>;
  /** Of that size or larger, with an empty file system. One that is there is left as it is. */
  create(id: string, spec: VolumeSpec): Promise<void>;
  /** Returns where. */
  mount(id: string): Promise<string>;
  /** What is in use of it; undefined while it is not mounted. */
  usedBytes(id: string): number | undefined;
  /** While it is mounted and in use. Throws unless the file system has grown. */
  grow(id: string, bytes: number): Promise<void>;
  /** Unmounts it first. Throws, with nothing changed, while it is in use, where it cannot be, or what is in it does not fit. */
  shrink(id: string, bytes: number): Promise<void>;
  unmount(id: string): Promise<void>;
  /** Nothing of what was written can be read by anybody afterwards. */
  remove(id: string): Promise<void>;
  /** What has to be done from time to time, whoever uses the volumes. */
  tend(): Promise<void>;
}

/** What volumes are made of: block devices by the id of the machine. Every step may be repeated. */
export interface Disks {
  /** How large it is; undefined when there is none that was finished. */
  find(id: string): Promise<number | undefined>;
  /** One of that size or larger, to be formatted. Returns its path. */
  allocate(id: string, bytes: number): Promise<string>;
  /** It is formatted: from now on it is found. */
  finish(id: string): Promise<void>;
  /** Returns the block device. */
  open(id: string): Promise<string>;
  close(id: string): Promise<void>;
  /** While it is open. */
  extend(id: string, bytes: number): Promise<void>;
  /** While it is closed. What is behind that size is gone. */
  reduce(id: string, bytes: number): Promise<void>;
  /** Wiped and given back, finished or not. */
  free(id: string): Promise<void>;
  tend(): Promise<void>;
}
