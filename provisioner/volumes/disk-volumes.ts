import { mkdirSync, rmdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { growFileSystem, makeFileSystem, shrinkFileSystem } from "./file-systems.ts";
import { findMount } from "./mounts.ts";
import type { Disks, VolumeSpec, VolumeState, Volumes } from "./types.ts";

/** File systems on disks, each mounted in a folder at the id of its machine. */
export class DiskVolumes implements Volumes {
  readonly #folder: string;
  readonly #disks: Disks;
  readonly #run: Exec;

  constructor(folder: string, disks: Disks, run: Exec = exec) {
    this.#folder = folder;
    this.#disks = disks;
    this.#run = run;
  }

  async observe(id: string): Promise<VolumeState | undefined> {
    const bytes = await this.#disks.find(id);
    const isMounted = this.#isMounted(id);
    if (bytes !== undefined) return { bytes, isMounted };
    return isMounted ? { bytes: 0, isMounted, isGone: true } : undefined;
  }

  /** What was not finished was never anybody's: it is formatted again. */
  async create(id: string, { bytes, fileSystem }: VolumeSpec): Promise<void> {
    if ((await this.#disks.find(id)) !== undefined) return;
    await makeFileSystem(this.#run, fileSystem, await this.#disks.allocate(id, bytes));
    await this.#disks.finish(id);
  }

  async mount(id: string): Promise<string> {
    const directory = this.#directory(id);
    if (this.#isMounted(id)) return directory;
    makeDirectory(directory);
    await this.#run(["mount", "-o", "nodev", await this.#disks.open(id), directory]);
    return directory;
  }

  usedBytes(id: string): number | undefined {
    if (!this.#isMounted(id)) return undefined;
    const { blocks, bfree, bsize } = statfsSync(this.#directory(id));
    return (blocks - bfree) * bsize;
  }

  /** Disk before file system: between the two the file system is the smaller one. */
  async grow(id: string, bytes: number): Promise<void> {
    const directory = this.#directory(id);
    const mount = findMount(directory);
    if (mount === undefined)
      throw new PlimsollError("VOLUME", `volume ${id}: grows while it is mounted only`);
    await this.#disks.extend(id, bytes);
    await growFileSystem(this.#run, mount, directory, bytes);
  }

  /** File system before disk. A mount in another namespace keeps e2fsck from opening the device. */
  async shrink(id: string, bytes: number): Promise<void> {
    await this.unmount(id);
    const directory = this.#directory(id);
    makeDirectory(directory);
    try {
      await shrinkFileSystem(this.#run, await this.#disks.open(id), directory, bytes);
    } finally {
      await this.unmount(id);
    }
    await this.#disks.reduce(id, bytes);
  }

  async unmount(id: string): Promise<void> {
    const directory = this.#directory(id);
    while (this.#isMounted(id)) await this.#run(["umount", directory]);
    await this.#disks.close(id);
    removeDirectory(directory);
  }

  async remove(id: string): Promise<void> {
    await this.unmount(id);
    await this.#disks.free(id);
  }

  tend(): Promise<void> {
    return this.#disks.tend();
  }

  #isMounted(id: string): boolean {
    return findMount(this.#directory(id)) !== undefined;
  }

  #directory(id: string): string {
    return join(this.#folder, id);
  }
}

function makeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

function removeDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
