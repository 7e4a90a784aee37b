import { extname } from "node:path";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { EXIT, runProgram } from "../../core/runtime/program.ts";
import { type ServedMount, serveMount } from "../../lxcfs-shim/serve-mount.ts";

/** `fuse-static-server DIRECTORY`: the shim's engine with a few constant files, for tests of the engine and for its floor. */
await runProgram(async (signal) => {
  const log = openLogger("fuse-static-server", "info");
  const options = {
    root: openHostRoot(),
    directory: process.argv[2] ?? "",
    module: new URL(`./fuse-static-worker${extname(import.meta.url)}`, import.meta.url),
    moduleOptions: undefined,
    log,
    logLevel: "info",
    onReady: ({ mountPoint, connection, protocol }: ServedMount) => {
      log.info({ mountPoint, connection, protocol }, "ready");
    },
  } as const;
  await serveMount(options, signal);
  return EXIT.done;
});
