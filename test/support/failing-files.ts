import { fstatSync } from "node:fs";
import { type SpoolFiles, spoolFiles } from "../../core/runtime/spool-files.ts";

/** Real files on a disk that can be told to fail, or to be full: it takes `roomBytes` more. */
export class FailingFiles implements SpoolFiles {
  roomBytes: number = Number.POSITIVE_INFINITY;
  /** Operations that fail, by name. */
  readonly failing: Set<keyof SpoolFiles> = new Set();
  /** Every operation, in order. */
  readonly done: (keyof SpoolFiles)[] = [];

  async open(path: string, flags: string): Promise<number> {
    this.#enter("open");
    return spoolFiles.open(path, flags);
  }

  async close(fd: number): Promise<void> {
    await spoolFiles.close(fd);
    this.#enter("close");
  }

  async read(fd: number, buffer: Buffer, position: number): Promise<number> {
    this.#enter("read");
    return spoolFiles.read(fd, buffer, position);
  }

  async write(fd: number, bytes: Uint8Array, position: number): Promise<void> {
    this.#enter("write");
    const there = Math.max(0, fstatSync(fd).size - position);
    const fits = Math.min(bytes.length, there + this.roomBytes);
    this.roomBytes -= Math.max(0, fits - there);
    await spoolFiles.write(fd, bytes.subarray(0, fits), position);
    if (fits < bytes.length) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  }

  async truncate(fd: number, length: number): Promise<void> {
    this.#enter("truncate");
    await spoolFiles.truncate(fd, length);
  }

  async sync(fd: number): Promise<void> {
    this.#enter("sync");
    await spoolFiles.sync(fd);
  }

  async unlink(path: string): Promise<void> {
    this.#enter("unlink");
    await spoolFiles.unlink(path);
  }

  #enter(operation: keyof SpoolFiles): void {
    this.done.push(operation);
    if (this.failing.has(operation)) throw Object.assign(new Error(`${operation} failed`), { code: "EIO" });
  }
}
