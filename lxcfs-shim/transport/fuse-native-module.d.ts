/** What we use of the package, which has no types of its own. Errors are negative errnos, 0 is success. */
declare module "fuse-native" {
  type Done = (errno: number) => void;

  class Fuse {
    constructor(mountPoint: string, handlers: object, options: object);
    /** Calls `fusermount`, through a shell, unless replaced. */
    static unmount: (mountPoint: string, done: (error: Error | null) => void) => void;
    mount(done: (error: Error | null) => void): void;
    unmount(done: (error: Error | null) => void): void;
  }

  namespace Fuse {
    interface Stat {
      readonly mode: number;
      readonly size: number;
      readonly nlink: number;
      readonly uid: number;
      readonly gid: number;
      readonly ino: number;
      /** Milliseconds since 1970. */
      readonly atime: number;
      readonly mtime: number;
      readonly ctime: number;
    }

    interface Handlers {
      getattr(path: string, done: (errno: number, stat?: Stat) => void): void;
      readdir(path: string, done: (errno: number, names?: readonly string[]) => void): void;
      readlink(path: string, done: (errno: number, target?: string) => void): void;
      open(path: string, flags: number, done: (errno: number, handle?: number) => void): void;
      /** `done` with the number of bytes put into `into`, or a negative errno. */
      read(path: string, handle: number, into: Buffer, size: number, offset: number, done: Done): void;
      release(path: string, handle: number, done: Done): void;
      statfs(path: string, done: (errno: number, statfs?: Readonly<Record<string, number>>) => void): void;
    }
  }

  export = Fuse;
}
