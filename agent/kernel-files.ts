import { close, open, read, statfs } from "node:fs";
import type { Clock } from "../core/runtime/clock.ts";
import { errnoOf, PlimsollError } from "../core/runtime/errors.ts";
import type { HangGuard } from "./hang-guard.ts";
import type { FileSystemSpace } from "./sources/types.ts";

/** A page of /proc/stat for 16 CPUs; grown when a file is larger. */
const INITIAL_BYTES = 4096;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A descriptor stays with the mount it was opened on. One opened before a FUSE file was bound over
 * the path would read the host's numbers for ever, so none lives longer than this.
 */
const REOPEN_MS = 60_000;

interface OpenFile {
  readonly fd: number;
  readonly openedMs: number;
  buffer: Buffer;
}

/**
 * Kernel files by kept-open descriptors: asynchronous reads from position 0 under the guard's
 * deadline, 75 µs where open, read and close through promises take 500.
 */
export class KernelFiles {
  readonly #guard: HangGuard;
  readonly #clock: Clock;
  readonly #files = new Map<string, OpenFile>();

  constructor(guard: HangGuard, clock: Clock) {
    this.#guard = guard;
    this.#clock = clock;
  }

  /** The whole text. Rejects with the system's error, or with `STUCK` past the deadline. */
  read(path: string): Promise<string> {
    return this.#guard.run(path, async () => {
      try {
        return await readWhole(await this.#opened(path));
      } catch (error) {
        // The FUSE server behind the descriptor is gone; a new one may be mounted by now.
        if (!["ENOTCONN", "ESTALE"].includes(errnoOf(error) ?? "")) throw error;
        await this.#forget(path);
        return readWhole(await this.#opened(path));
      }
    });
  }

  statfs(path: string): Promise<FileSystemSpace> {
    return this.#guard.run(path, () => statFileSystem(path));
  }

  /** Closes what can be closed: a descriptor with a read outstanding is left to the end of the process. */
  async close(): Promise<void> {
    const stuck = this.#guard.stuck();
    await Promise.all(
      [...this.#files.keys()].filter((path) => !stuck.includes(path)).map((path) => this.#forget(path)),
    );
  }

  async #opened(path: string): Promise<OpenFile> {
    const known = this.#files.get(path);
    const now = this.#clock.monotonicMs();
    if (known !== undefined && now - known.openedMs < REOPEN_MS) return known;
    await this.#forget(path);
    const file = {
      fd: await openFile(path),
      openedMs: now,
      buffer: known?.buffer ?? Buffer.allocUnsafeSlow(INITIAL_BYTES),
    };
    this.#files.set(path, file);
    return file;
  }

  async #forget(path: string): Promise<void> {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    await closeFile(file.fd);
  }
}

/** seq_file hands out about a page a time: only a read of nothing is the end. */
async function readWhole(file: OpenFile): Promise<string> {
  let length = 0;
  for (;;) {
    if (length === file.buffer.length) file.buffer = grown(file.buffer);
    const count = await readAt(file.fd, file.buffer, length);
    if (count === 0) return file.buffer.toString("utf8", 0, length);
    length += count;
  }
}

function grown(buffer: Buffer): Buffer {
  if (buffer.length >= MAX_BYTES)
    throw new PlimsollError("TOO_LARGE", `kernel file larger than ${MAX_BYTES} bytes`);
  const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
  buffer.copy(larger);
  return larger;
}

// The callback functions, not node:fs/promises: a FileHandle costs four times as much per read.

function openFile(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, "r", (error, fd) => (error === null ? resolve(fd) : reject(error)));
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

function statFileSystem(path: string): Promise<FileSystemSpace> {
  return new Promise((resolve, reject) => {
    statfs(path, (error, space) => (error === null ? resolve(space) : reject(error)));
  });
}
