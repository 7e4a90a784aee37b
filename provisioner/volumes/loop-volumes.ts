/*
 * /dev/loop0: [64768]:1049 (/var/lib/plimsoll/volumes/6f1c….img)
 *
 * losetup -j FILE (losetup(8)): a line for each device that has the file.
 */
import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { FILE_SYSTEMS, leastCapacity } from "./file-systems.ts";
import type { FileSystem, VolumeSpec, VolumeState, Volumes } from "./types.ts";

const MKFS_MS = 300_000;

/**
 * Volumes as files, for hosts without a volume manager. `ID.img` has a file system whole: it is made
 * under another name and renamed. Mounted at `ID`, by a loop device that goes when it is unmounted.
 */
export class LoopVolumes implements Volumes {
  readonly #folder: string;
  readonly #run: Exec;

  constructor(folder: string, run: Exec = exec) {
    this.#folder = folder;
    this.#run = run;
  }

  async observe(id: string): Promise<VolumeState | undefined> {
    const status = statSync(this.#file(id), { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    return { bytes: status.size, isMounted: findMount(this.#directory(id)) !== undefined };
  }

  async create(id: string, { bytes, fileSystem }: VolumeSpec): Promise<void> {
    if ((await this.observe(id)) !== undefined) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = `${this.#file(id)}.new`;
    rmSync(unfinished, { force: true });
    // Allocated, not sparse: the disk that was promised is there. New blocks read as zeros, whoever had them before.
    await this.#explained(fileSystem, ["fallocate", "--length", String(bytes), unfinished]);
    await this.#explained(fileSystem, FILE_SYSTEMS[fileSystem].make(unfinished));
    renameSync(unfinished, this.#file(id));
  }

  async mount(id: string): Promise<string> {
    const directory = this.#directory(id);
    if (findMount(directory) !== undefined) return directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const device = (await this.#devices(id))[0] ?? (await this.#attach(id));
    await this.#run(["mount", "-o", "nodev", device, directory]);
    // Of a device in use this only asks the kernel to detach it at the unmount (LO_FLAGS_AUTOCLEAR, loop(4)).
    await this.#run(["losetup", "--detach", device]);
    return directory;
  }

  async grow(id: string, bytes: number): Promise<void> {
    const file = this.#file(id);
    const directory = this.#directory(id);
    const mount = findMount(directory);
    if (mount === undefined)
      throw new PlimsollError("VOLUME", `volume ${id}: grows while it is mounted only`);
    await this.#run(["fallocate", "--length", String(bytes), file], { timeoutMs: MKFS_MS });
    await this.#run(["losetup", "--set-capacity", mount.device]);
    await this.#run(FILE_SYSTEMS[mount.fileSystem].grow(mount.device, directory), { timeoutMs: MKFS_MS });
    // xfs_growfs ends with 0 as well when it has changed nothing.
    const { blocks, bsize } = statfsSync(directory);
    if (blocks * bsize < leastCapacity(bytes))
      throw new PlimsollError("VOLUME", `volume ${id}: its file system has not grown to ${bytes} bytes`);
  }

  async unmount(id: string): Promise<void> {
    const directory = this.#directory(id);
    while (findMount(directory) !== undefined) await this.#run(["umount", directory]);
    // One that a kill left between being attached and being mounted.
    for (const device of await this.#devices(id)) await this.#run(["losetup", "--detach", device]);
    removeDirectory(directory);
  }

  async remove(id: string): Promise<void> {
    await this.unmount(id);
    for (const file of [`${this.#file(id)}.new`, this.#file(id)]) rmSync(file, { force: true });
  }

  async #attach(id: string): Promise<string> {
    const file = this.#file(id);
    // Direct I/O keeps the volume's pages from being cached twice; the file system below may not have it.
    const options = ["--find", "--show", "--direct-io=on"];
    const { stdout, code } = await this.#run(["losetup", ...options, file], { okCodes: [0, 1] });
    if (code === 0) return stdout.trim();
    return (await this.#run(["losetup", "--find", "--show", file])).stdout.trim();
  }

  async #devices(id: string): Promise<readonly string[]> {
    const { stdout } = await this.#run(["losetup", "-j", this.#file(id)]);
    return [...stdout.matchAll(/^(\/dev\/\S+):/gm)].map(([, device = ""]) => device);
  }

  async #explained(fileSystem: FileSystem, argv: readonly string[]): Promise<void> {
    try {
      await this.#run(argv, { timeoutMs: MKFS_MS });
    } catch (cause) {
      const isMissing = errnoOf(cause) === "EXEC_MISSING";
      const hint = isMissing ? { hint: `apt-get install ${FILE_SYSTEMS[fileSystem].package}` } : {};
      throw new PlimsollError("VOLUME", "data volume: cannot be made", { cause, ...hint });
    }
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.img`);
  }

  #directory(id: string): string {
    return join(this.#folder, id);
  }
}

interface Mount {
  readonly device: string;
  readonly fileSystem: FileSystem;
}

function findMount(directory: string): Mount | undefined {
  return parseMount(readFileSync("/proc/self/mountinfo", "utf8"), directory);
}

/** The last mount at a directory (proc_pid_mountinfo(5)). */
export function parseMount(mountinfo: string, directory: string): Mount | undefined {
  const line = mountinfo.split("\n").findLast((each) => each.split(" ")[4] === directory);
  const [fileSystem, device = ""] = line?.split(" - ")[1]?.split(" ") ?? [];
  if (fileSystem !== "ext4" && fileSystem !== "xfs" && fileSystem !== "btrfs") return undefined;
  return { device, fileSystem };
}

function removeDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
