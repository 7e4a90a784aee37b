/*
 * /dev/loop0: [64768]:1049 (/var/lib/plimsoll/volumes/6f1c….img)
 *
 * losetup -j FILE (losetup(8)): a line for each device that has the file.
 */
import {
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import { renderBytes } from "../step/render.ts";
import type { Disks } from "./types.ts";

const ALLOCATE_MS = 300_000;

/** Disks as files `ID.img`, for hosts without a volume manager. An unfinished one has another name. */
export class LoopDisks implements Disks {
  readonly #folder: string;
  readonly #run: Exec;

  constructor(folder: string, run: Exec = exec) {
    this.#folder = folder;
    this.#run = run;
  }

  async find(id: string): Promise<number | undefined> {
    return statSync(this.#file(id), { throwIfNoEntry: false })?.size;
  }

  /** Allocated, not sparse: the disk that was promised is there. New blocks read as zeros, whoever had them before. */
  async allocate(id: string, bytes: number): Promise<string> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const unfinished = this.#unfinished(id);
    rmSync(unfinished, { force: true });
    try {
      await this.#fallocate(unfinished, 0, bytes);
    } catch (cause) {
      rmSync(unfinished, { force: true }); // what it took would be missing elsewhere
      throw new PlimsollError("VOLUME", "data volume: cannot be made", { cause });
    }
    return unfinished;
  }

  async finish(id: string): Promise<void> {
    renameSync(this.#unfinished(id), this.#file(id));
  }

  async open(id: string): Promise<string> {
    const file = this.#file(id);
    const [removed] = await this.#deviceOfRemoved(id);
    if (removed !== undefined) return removed;
    // Of a file that has a device already it is that one.
    const find = ["losetup", "--find", "--show", "--nooverlap"];
    // Direct I/O keeps the volume's pages from being cached twice; the file system below may not have it.
    const { stdout, code } = await this.#run([...find, "--direct-io=on", file], { okCodes: [0, 1] });
    if (code === 0) return stdout.trim();
    return (await this.#run([...find, file])).stdout.trim();
  }

  async close(id: string): Promise<void> {
    for (const device of await this.#devices(id)) await this.#run(["losetup", "--detach", device]);
  }

  /** What was allocated before the room ended is given back: its file system does not reach there. */
  async extend(id: string, bytes: number): Promise<void> {
    const before = (await this.find(id)) ?? 0;
    try {
      await this.#fallocate(this.#file(id), before, bytes);
    } catch (cause) {
      await this.reduce(id, before);
      throw new PlimsollError("VOLUME", "data volume: cannot grow", { cause });
    }
    for (const device of await this.#devices(id)) await this.#run(["losetup", "--set-capacity", device]);
  }

  async reduce(id: string, bytes: number): Promise<void> {
    const size = await this.find(id);
    if (size !== undefined && size > bytes) truncateSync(this.#file(id), bytes);
  }

  async free(id: string): Promise<void> {
    for (const file of [this.#unfinished(id), this.#file(id)]) rmSync(file, { force: true });
  }

  async tend(): Promise<void> {}

  /** fallocate(1) takes what there is before it fails, and everybody else's writes fail meanwhile. */
  async #fallocate(file: string, before: number, bytes: number): Promise<void> {
    const { bavail, bsize } = statfsSync(this.#folder);
    const [more, free] = [bytes - before, bavail * bsize];
    if (more > free) {
      const needed = `${renderBytes(more)} are needed, ${renderBytes(free)} are free`;
      throw new PlimsollError("VOLUME", `${this.#folder}: ${needed}`);
    }
    await this.#run(["fallocate", "--length", String(bytes), file], { timeoutMs: ALLOCATE_MS });
  }

  async #devices(id: string): Promise<readonly string[]> {
    const { stdout } = await this.#run(["losetup", "-j", this.#file(id)]);
    const own = [...stdout.matchAll(/^(\/dev\/\S+):/gm)].map(([, device = ""]) => device);
    return [...own, ...(await this.#deviceOfRemoved(id))];
  }

  /** A file that somebody removed keeps its device, and its blocks, and is no longer found by its name. */
  async #deviceOfRemoved(id: string): Promise<readonly string[]> {
    if (existsSync(this.#file(id)) || !existsSync(this.#folder)) return [];
    const removed = join(realpathSync(this.#folder), `${id}.img`);
    const { stdout } = await this.#run(["losetup", "-a"]);
    const lines = stdout.split("\n").filter((line) => line.endsWith(` (${removed} (deleted))`));
    return lines.map((line) => line.slice(0, line.indexOf(":")));
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.img`);
  }

  #unfinished(id: string): string {
    return `${this.#file(id)}.new`;
  }
}
