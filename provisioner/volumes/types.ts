export type FileSystem = "ext4" | "xfs" | "btrfs";

export interface VolumeSpec {
  readonly bytes: number;
  readonly fileSystem: FileSystem;
}

export interface VolumeState {
  readonly bytes: number;
  readonly isMounted: boolean;
}

/** Data volumes by the id of the machine they belong to. Every step may be repeated. */
export interface Volumes {
  /** Undefined when there is none. */
  observe(id: string): Promise<VolumeState | undefined>;
  /** Of that size or larger, guaranteed, with an empty file system. One that is there is left as it is. */
  create(id: string, spec: VolumeSpec): Promise<void>;
  /** Returns where. */
  mount(id: string): Promise<string>;
  /** While it is mounted and in use. Throws unless the file system has grown. */
  grow(id: string, bytes: number): Promise<void>;
  unmount(id: string): Promise<void>;
  /** Nothing of what was written can be read by anybody afterwards. */
  remove(id: string): Promise<void>;
}
