import { readFileSync } from "node:fs";
import { serveInThread } from "../../lxcfs-shim/session/in-thread.ts";
import { openStaticFileSystem } from "../support/static-file-system.ts";

/** As long as a real meminfo, so that the two can be compared. */
const MEMINFO = readFileSync("/proc/meminfo", "utf8");

serveInThread(() =>
  openStaticFileSystem({
    meminfo: () => MEMINFO,
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
  }),
);
