import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { dirname, join, normalize as normalizePath } from "node:path/posix";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { normalize, readTar } from "./tar.ts";

/** Documents of a layout are read whole. */
const MAX_DOCUMENT_BYTES = 8 * 2 ** 20;

/** The files of an image that lies in a folder, or in one tar archive. */
export interface LayoutFiles {
  /** Undefined when there is no such file. */
  sizeBytes(path: string): Promise<number | undefined>;
  read(path: string): Promise<Buffer>;
  open(path: string): AsyncIterable<Uint8Array>;
}

export async function openLayoutFiles(path: string): Promise<LayoutFiles> {
  const isFolder = (await stat(path)).isDirectory();
  return isFolder ? folderFiles(path) : archiveFiles(path, await readMembers(path));
}

function folderFiles(folder: string): LayoutFiles {
  const at = (path: string): string => join(folder, normalize(path) ?? "");
  return {
    sizeBytes: async (path) => {
      try {
        return (await stat(at(path))).size;
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    read: (path) => readFile(at(path)),
    open: (path) => createReadStream(at(path)),
  };
}

interface Member {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Where the files of an archive begin: it is read through once. */
async function readMembers(archive: string): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>();
  const links = new Map<string, string>();
  for await (const { path, kind, linkTarget, offset, sizeBytes } of readTar(
    archive,
    createReadStream(archive),
    () => 0,
  )) {
    if (path === undefined) continue;
    if (kind === "link") links.set(path, normalizePath(join(dirname(path), linkTarget)));
    else members.set(path, { offset, sizeBytes });
  }
  // Older engines save a layer that images share once, and link to it.
  for (const [path, target] of links) {
    const member = members.get(target);
    if (member !== undefined) members.set(path, member);
  }
  return members;
}

function archiveFiles(archive: string, members: ReadonlyMap<string, Member>): LayoutFiles {
  const find = (path: string): Member => {
    const member = members.get(path);
    if (member === undefined) throw new PlimsollError("IMAGE", `${archive}: ${path} is not in it`);
    return member;
  };
  return {
    sizeBytes: async (path) => members.get(path)?.sizeBytes,
    read: async (path) => {
      const { offset, sizeBytes } = find(path);
      if (sizeBytes > MAX_DOCUMENT_BYTES)
        throw new PlimsollError("IMAGE", `${archive}: ${path} has ${sizeBytes} bytes`);
      const file = await open(archive);
      try {
        const { buffer } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
        return buffer;
      } finally {
        await file.close();
      }
    },
    open: (path) => {
      const { offset, sizeBytes } = find(path);
      if (sizeBytes === 0) return emptyStream();
      return createReadStream(archive, { start: offset, end: offset + sizeBytes - 1 });
    },
  };
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}
