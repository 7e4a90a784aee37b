import { ERRNO } from "../../lxcfs-shim/fuse/errno.ts";
import type { Attributes, DirectoryEntry, FileSystem, Reply } from "../../lxcfs-shim/fuse/operation.ts";

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const ROOT = 1;
const O_ACCMODE = 3;

/** A directory of files whose text is made by a function, served as the shim serves: direct I/O, size 0, nothing cached. */
export function openStaticFileSystem(files: Readonly<Record<string, () => string>>): FileSystem {
  const names = Object.keys(files);
  const nodeOf = (name: string): number => names.indexOf(name) + ROOT + 1;
  const textOf = (node: number): (() => string) | undefined => files[names[node - ROOT - 1] ?? ""];
  const entries: readonly DirectoryEntry[] = [
    { node: ROOT, name: ".", type: S_IFDIR },
    { node: ROOT, name: "..", type: S_IFDIR },
    ...names.map((name) => ({ node: nodeOf(name), name, type: S_IFREG })),
  ];
  return {
    handle: (operation) => {
      switch (operation.kind) {
        case "lookup":
          if (operation.parent !== ROOT || !(operation.name in files)) return error(ERRNO.ENOENT);
          return {
            kind: "entry",
            attributes: attributesOf(nodeOf(operation.name)),
            validMs: 0,
            attributesValidMs: 0,
          };
        case "getattr":
          return { kind: "attributes", attributes: attributesOf(operation.node), validMs: 0 };
        case "open":
          if ((operation.flags & O_ACCMODE) !== 0) return error(ERRNO.EACCES);
          return { kind: "opened", handle: 0, directIo: true };
        case "opendir":
          return { kind: "opened", handle: 0, directIo: false };
        case "read": {
          const text = textOf(operation.node);
          if (text === undefined) return error(ERRNO.EISDIR);
          const data = Buffer.from(text());
          return { kind: "data", data: data.subarray(operation.offset, operation.offset + operation.size) };
        }
        case "readdir":
          return { ...operation, kind: "entries", entries: entries.slice(operation.offset) };
        case "readlink":
          return error(ERRNO.EINVAL);
        case "statfs":
          return { kind: "statfs" };
        case "forget":
          return { kind: "none" };
        case "release":
        case "releasedir":
          return { kind: "done" };
      }
    },
  };
}

function attributesOf(node: number): Attributes {
  const isRoot = node === ROOT;
  return {
    node,
    mode: isRoot ? S_IFDIR | 0o555 : S_IFREG | 0o444,
    sizeBytes: 0,
    links: isRoot ? 2 : 1,
    timeMs: 0,
  };
}

function error(errno: number): Reply {
  return { kind: "error", errno };
}
