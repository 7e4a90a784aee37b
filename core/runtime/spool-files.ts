import { close, fdatasync, ftruncate, open, read, unlink, write } from "node:fs";

/** The file operations of a spool. A test gives others, to have a disk that is full. */
export interface SpoolFiles {
  open(path: string, flags: string): Promise<number>;
  close(fd: number): Promise<void>;
  /** As many bytes as there are from `position` on, at most the buffer's. */
  read(fd: number, buffer: Buffer, position: number): Promise<number>;
  /** All of it, or throws; part of it may be there then. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  sync(fd: number): Promise<void>;
  unlink(path: string): Promise<void>;
}

// The callback functions, not node:fs/promises: a FileHandle costs four times as much per operation.

export const spoolFiles: SpoolFiles = {
  open: (path, flags) => new Promise((resolve, reject) => open(path, flags, settle(resolve, reject))),
  close: (fd) => new Promise((resolve, reject) => close(fd, settle(resolve, reject))),
  truncate: (fd, length) => new Promise((resolve, reject) => ftruncate(fd, length, settle(resolve, reject))),
  sync: (fd) => new Promise((resolve, reject) => fdatasync(fd, settle(resolve, reject))),
  unlink: (path) => new Promise((resolve, reject) => unlink(path, settle(resolve, reject))),
  read: async (fd, buffer, position) => {
    let length = 0;
    while (length < buffer.length) {
      const count = await readOnce(fd, buffer, length, position + length);
      if (count === 0) break;
      length += count;
    }
    return length;
  },
  write: async (fd, bytes, position) => {
    // A disk that fills up takes what still fits; the next write has the error.
    for (let at = 0; at < bytes.length; ) at += await writeOnce(fd, bytes, at, position + at);
  },
};

function settle<T>(resolve: (value: T) => void, reject: (error: Error) => void) {
  return (error: Error | null, value?: T): void => {
    if (error === null || error === undefined) resolve(value as T);
    else reject(error);
  };
}

function readOnce(fd: number, buffer: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, offset, buffer.length - offset, position, settle(resolve, reject));
  });
}

function writeOnce(fd: number, bytes: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.length - offset, position, settle(resolve, reject));
  });
}
