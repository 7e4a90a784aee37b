import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { FUSE } from "../fuse/abi.ts";
import { ERRNO } from "../fuse/errno.ts";
import type { Attributes, Reply } from "../fuse/operation.ts";
import { refusalOf } from "../fuse/refusals.ts";
import type { PathFileSystem } from "./by-path.ts";

export interface NativeMount {
  unmount(): Promise<void>;
}

/** What we use of the package, which has no types. Errors are negative errnos, 0 is success. */
interface Native {
  new (
    mountPoint: string,
    handlers: object,
    options: object,
  ): { mount(done: Done): void; unmount(done: Done): void };
  /** Calls `fusermount` through a shell, unless replaced. */
  unmount(mountPoint: string, done: Done): void;
}

type Done = (error?: Error | null) => void;

interface Handlers {
  getattr(path: string, done: (errno: number, stat?: Stat) => void): void;
  readdir(path: string, done: (errno: number, names?: readonly string[]) => void): void;
  readlink(path: string, done: (errno: number, target?: string) => void): void;
  open(path: string, flags: number, done: (errno: number, handle?: number) => void): void;
  /** `done` gets the number of bytes put into `into`, or a negative errno. */
  read(
    path: string,
    handle: number,
    into: Buffer,
    size: number,
    offset: number,
    done: (count: number) => void,
  ): void;
  release(path: string, handle: number, done: (errno: number) => void): void;
  statfs(path: string, done: (errno: number, statfs: Readonly<Record<string, number>>) => void): void;
}

/** Times in milliseconds since 1970. */
type Stat = Readonly<
  Record<"ino" | "mode" | "size" | "nlink" | "uid" | "gid" | "atime" | "mtime" | "ctime", number>
>;

/**
 * Mounts through the package fuse-native, that is libfuse 2. It hides who asks, so `fileSystem` answers for one container;
 * it calls back on this thread's event loop. `unmount` replaces the package's own, which needs fusermount and a shell.
 */
export async function mountFuseNative(
  mountPoint: string,
  fileSystem: PathFileSystem,
  unmount: (mountPoint: string) => Promise<void>,
): Promise<NativeMount> {
  const Native = await loadFuseNative();
  Native.unmount = (path, done) => {
    unmount(path).then(() => done(null), done);
  };
  const mount = new Native(mountPoint, { ...handlersOf(fileSystem), ...REFUSALS }, MOUNT_OPTIONS);
  await settled((done) => mount.mount(done));
  return { unmount: () => settled((done) => mount.unmount(done)) };
}

/** The package knows no option direct_io, without which a file of size 0 reads as empty: it rides on the subtype. */
const MOUNT_OPTIONS = {
  allowOther: true,
  defaultPermissions: true,
  fsname: "plimsoll",
  subtype: "plimsoll,direct_io",
};

async function loadFuseNative(): Promise<Native> {
  try {
    // @ts-expect-error: no types, and not even there where it is not wanted
    return (await import("fuse-native")).default;
  } catch (cause) {
    const hint = /libfuse\.so/.test(errorLine(cause))
      ? "apt-get install libfuse2, or serve without --transport fuse-native"
      : "npm install fuse-native, or serve without --transport fuse-native";
    throw new PlimsollError("FUSE_NATIVE", "the package fuse-native cannot be loaded", { cause, hint });
  }
}

function settled(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

function handlersOf(fileSystem: PathFileSystem): Handlers {
  return {
    getattr: (path, done) => {
      const reply = fileSystem.ask(path, (node) => ({ kind: "getattr", node }));
      if (reply.kind === "attributes") done(0, statOf(reply.attributes));
      else done(-errnoOf(reply));
    },
    readdir: (path, done) => {
      const all = { handle: 0, offset: 0, size: Number.MAX_SAFE_INTEGER };
      const reply = fileSystem.ask(path, (node) => ({ kind: "readdir", node, ...all }));
      if (reply.kind === "entries")
        done(
          0,
          reply.entries.map(({ name }) => name),
        );
      else done(-errnoOf(reply));
    },
    readlink: (path, done) => {
      const reply = fileSystem.ask(path, (node) => ({ kind: "readlink", node }));
      if (reply.kind === "data") done(0, Buffer.from(reply.data).toString());
      else done(-errnoOf(reply));
    },
    open: (path, flags, done) => {
      const reply = fileSystem.ask(path, (node) => ({ kind: "open", node, flags }));
      if (reply.kind === "opened") done(0, reply.handle);
      else done(-errnoOf(reply));
    },
    read: (path, handle, into, size, offset, done) => {
      const reply = fileSystem.ask(path, (node) => ({
        kind: "read",
        node,
        handle,
        offset,
        size,
        isDirect: true,
      }));
      if (reply.kind !== "data") return done(-errnoOf(reply));
      into.set(reply.data);
      done(reply.data.length);
    },
    release: (path, handle, done) => {
      fileSystem.ask(path, (node) => ({ kind: "release", node, handle }));
      done(0);
    },
    statfs: (_, done) => done(0, { bsize: 4096, frsize: 4096, namemax: 255 }),
  };
}

function statOf({ node, mode, sizeBytes, links, timeMs }: Attributes): Stat {
  const times = { atime: timeMs, mtime: timeMs, ctime: timeMs };
  return { ino: node % 2 ** 32, mode, size: sizeBytes, nlink: links, uid: 0, gid: 0, ...times };
}

function errnoOf(reply: Reply): number {
  return reply.kind === "error" ? reply.errno : ERRNO.EIO;
}

/** What would change something, by the package's names; the last argument is the callback. */
const REFUSED: Readonly<Record<string, number>> = {
  truncate: FUSE.SETATTR,
  ftruncate: FUSE.SETATTR,
  chmod: FUSE.SETATTR,
  chown: FUSE.SETATTR,
  utimens: FUSE.SETATTR,
  mknod: FUSE.MKNOD,
  mkdir: FUSE.MKDIR,
  unlink: FUSE.UNLINK,
  rmdir: FUSE.RMDIR,
  rename: FUSE.RENAME,
  link: FUSE.LINK,
  symlink: FUSE.SYMLINK,
  create: FUSE.CREATE,
  write: FUSE.WRITE,
};

const REFUSALS: Readonly<Record<string, (...args: readonly unknown[]) => void>> = Object.fromEntries(
  Object.entries(REFUSED).map(([name, opcode]) => [
    name,
    (...args: readonly unknown[]) => {
      const done = args.at(-1);
      if (typeof done === "function") done(-refusalOf(opcode));
    },
  ]),
);
