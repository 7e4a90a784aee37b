import { close, constants, fstat, open, read, readdir, readSync, statfs, statfsSync } from "node:fs";
import type { Clock } from "../core/runtime/clock.ts";
import { errnoOf, PlimsollError } from "../core/runtime/errors.ts";
import type { HangGuard } from "./hang-guard.ts";
import { MountTable } from "./mount-table.ts";
import type { FileSystemSpace, LoadedFile, WaitsFor } from "./sources/types.ts";

/** A page of /proc/stat for 16 CPUs; grown when a file is larger. */
const INITIAL_BYTES = 4096;
const MAX_BYTES = 4 * 1024 * 1024;

/** What is not the kernel's own may be another file under the same name: no descriptor of it lives longer than this. */
const REOPEN_MS = 60_000;

/** Files that nobody has asked for in this time are closed: those of devices that are gone. */
const UNUSED_MS = 900_000;

/** Of linux/magic.h: proc, sysfs, cgroup v1 and v2. The kernel answers itself, it waits for nobody. */
const OWN_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9fa0, 0x62656572, 0x27e0eb, 0x63677270]);

interface OpenFile {
  readonly fd: number;
  readonly openedMs: number;
  /** Of the mount table, before it was opened. */
  readonly mounts: number;
  /** The kernel's own file and not one that was bound over it. */
  readonly isKernels: boolean;
  usedMs: number;
}

/** Lanes of the thread pool: what hangs in one leaves the other its threads. */
export interface Lanes {
  readonly kernel: HangGuard;
  /** Mounts and files that a server or a process in user space has to answer for. */
  readonly mounts: HangGuard;
}

/**
 * Kernel files by kept-open descriptors, from position 0. Opening is asynchronous under a guard's
 * deadline, and so is reading what is not the kernel's own: it may be FUSE and may hang. The kernel's
 * own is read at once, 8 µs where the thread pool takes 75 and the promises of node:fs 500.
 *
 * A descriptor stays with the mount it was opened on. One from before a FUSE file was bound over the path would read
 * the host's numbers for ever, so all are opened anew when the mounts are others; only then, since thirty files are
 * ninety calls by way of the thread pool.
 */
export class KernelFiles {
  readonly #lanes: Lanes;
  readonly #clock: Clock;
  readonly #mounts: MountTable;
  readonly #files = new Map<string, OpenFile>();
  /** For reads that nothing can come between. */
  readonly #shared = new GrowingBuffer();
  readonly #buffers = new Map<string, GrowingBuffer>();
  #sweptMs: number;

  constructor(lanes: Lanes, clock: Clock, mounts: MountTable = new MountTable(clock)) {
    this.#lanes = lanes;
    this.#clock = clock;
    this.#mounts = mounts;
    this.#sweptMs = clock.monotonicMs();
  }

  /** Paths that have missed their deadline and have not answered since. */
  stuck(): readonly string[] {
    return [...this.#lanes.kernel.stuck(), ...this.#lanes.mounts.stuck()];
  }

  /** The whole text. Rejects with the system's error, or with `STUCK` past the deadline. */
  async read(path: string): Promise<string> {
    const known = this.#files.get(path);
    if (known !== undefined) known.usedMs = this.#clock.monotonicMs();
    if (known?.isKernels && this.#isFresh(known)) return this.#readKernels(path, known);
    return this.#lanes.kernel.run(path, async () => {
      try {
        return await this.#readGuarded(path);
      } catch (error) {
        // The FUSE server behind the descriptor is gone; a new one may be mounted by now.
        if (!["ENOTCONN", "ESTALE"].includes(errnoOf(error) ?? "")) throw error;
        await this.#forget(path);
        return this.#readGuarded(path);
      }
    });
  }

  load(path: string): Promise<LoadedFile> {
    return this.#lanes.mounts.run(path, async () => {
      const fd = await openFile(path, WITHOUT_WAITING);
      try {
        const text = await readWhole(fd, new GrowingBuffer());
        return { text, mtimeMs: await modifiedMs(fd) };
      } finally {
        await closeFile(fd);
      }
    });
  }

  list(path: string): Promise<readonly string[]> {
    // Apart from `statfs` of a mount point: one does not keep the other from being asked.
    return this.#lanes.mounts.run(`${path}/`, () => listFolder(path));
  }

  /** What waits for nobody is asked at once: 3 µs, where waking a thread of the pool takes some hundred. */
  async statfs(path: string, waitsFor: WaitsFor): Promise<FileSystemSpace> {
    if (waitsFor === "nobody") return statfsSync(path);
    const lane = waitsFor === "disk" ? this.#lanes.kernel : this.#lanes.mounts;
    return lane.run(path, () => statFileSystem(path));
  }

  /** Closes what can be closed: a descriptor with a read outstanding is left to the end of the process. */
  async close(): Promise<void> {
    const stuck = this.stuck();
    await Promise.all(
      [...this.#files.keys()].filter((path) => !stuck.includes(path)).map((path) => this.#forget(path)),
    );
  }

  async #readGuarded(path: string): Promise<string> {
    const file = await this.#opened(path);
    if (file.isKernels) return this.#readKernels(path, file);
    const buffer = this.#buffers.get(path) ?? new GrowingBuffer();
    this.#buffers.set(path, buffer);
    return readWhole(file.fd, buffer);
  }

  #readKernels(path: string, { fd }: OpenFile): string {
    try {
      return readAtOnce(fd, this.#shared);
    } catch (error) {
      void this.#forget(path); // Of a device that has gone: another may have its name.
      throw error;
    }
  }

  #isFresh({ isKernels, openedMs, mounts }: OpenFile): boolean {
    if (mounts !== this.#mounts.version) return false;
    return isKernels || this.#clock.monotonicMs() - openedMs < REOPEN_MS;
  }

  async #opened(path: string): Promise<OpenFile> {
    const known = this.#files.get(path);
    if (known !== undefined && this.#isFresh(known)) return known;
    await this.#forget(path);
    const mounts = this.#mounts.versionNow;
    const fd = await openFile(path);
    const isKernels = await this.#isKernels(fd);
    const openedMs = this.#clock.monotonicMs();
    const file = { fd, openedMs, mounts, isKernels, usedMs: openedMs };
    this.#files.set(path, file);
    this.#sweep(openedMs);
    return file;
  }

  /** Only what is opened can become too much. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < UNUSED_MS) return;
    this.#sweptMs = nowMs;
    const stuck = this.stuck();
    for (const [path, { usedMs }] of this.#files) {
      if (nowMs - usedMs < UNUSED_MS || stuck.includes(path)) continue;
      void this.#forget(path);
      this.#buffers.delete(path);
    }
  }

  async #isKernels(fd: number): Promise<boolean> {
    try {
      // By way of the descriptor: the path may lead elsewhere by now.
      const { type } = await statFileSystem(`/proc/self/fd/${fd}`);
      return OWN_FILE_SYSTEMS.has(type);
    } catch (error) {
      await closeFile(fd); // A FUSE server may open files and not say what its file system is.
      throw error;
    }
  }

  async #forget(path: string): Promise<void> {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    await closeFile(file.fd);
  }
}

class GrowingBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);

  /** Room after `length` bytes, which stay. */
  makeRoom(length: number): void {
    if (length < this.bytes.length) return;
    if (length >= MAX_BYTES) {
      throw new PlimsollError("TOO_LARGE", `kernel file larger than ${MAX_BYTES} bytes`);
    }
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}

/** What a process in user space, or a file system, hands out short of what was asked for is the end. */
async function readWhole(fd: number, buffer: GrowingBuffer): Promise<string> {
  let length = 0;
  for (;;) {
    buffer.makeRoom(length);
    const room = buffer.bytes.length - length;
    const count = await readAt(fd, buffer.bytes, length);
    length += count;
    if (count < room) return buffer.bytes.toString("utf8", 0, length);
  }
}

/** seq_file hands out about a page a time: only a read of nothing is the end. */
function readAtOnce(fd: number, buffer: GrowingBuffer): string {
  let length = 0;
  for (;;) {
    buffer.makeRoom(length);
    const count = readSync(fd, buffer.bytes, length, buffer.bytes.length - length, length);
    if (count === 0) return buffer.bytes.toString("utf8", 0, length);
    length += count;
  }
}

// The callback functions, not node:fs/promises: a FileHandle costs four times as much per read.

/** A FIFO that somebody has put among text files would hold its reader until somebody writes. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

function openFile(path: string, flags: number = constants.O_RDONLY): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, fd) => (error === null ? resolve(fd) : reject(error)));
  });
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => {
    close(fd, () => resolve());
  });
}

function readAt(fd: number, buffer: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, position, buffer.length - position, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });
}

function modifiedMs(fd: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fstat(fd, (error, stats) => (error === null ? resolve(stats.mtimeMs) : reject(error)));
  });
}

function listFolder(path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    readdir(path, (error, names) => (error === null ? resolve(names) : reject(error)));
  });
}

function statFileSystem(path: string): Promise<FileSystemSpace & { readonly type: number }> {
  return new Promise((resolve, reject) => {
    statfs(path, (error, space) => (error === null ? resolve(space) : reject(error)));
  });
}
