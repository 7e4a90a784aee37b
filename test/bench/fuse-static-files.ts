import { readFileSync } from "node:fs";
import type { FileSystem } from "../../lxcfs-shim/fuse/operation.ts";
import { openStaticFileSystem } from "../support/static-file-system.ts";

/** What the static server serves: constant files, and some that misbehave. */
export function openStaticFiles(): FileSystem {
  const meminfo = readFileSync("/proc/meminfo", "utf8"); // as long as a real one, to be compared with it
  return openStaticFileSystem({
    meminfo: () => meminfo,
    long: () => Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join(""),
    broken: () => {
      throw new Error("this file cannot be made");
    },
    stuck: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return "";
    },
    deadly: () => {
      process.exit(); // in a worker: the end of its thread
    },
  });
}
