import { extname } from "node:path";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { openLogger } from "../../core/runtime/logger.ts";
import { EXIT, runProgram } from "../../core/runtime/program.ts";
import { type ServedMount, serveMount } from "../../lxcfs-shim/serve-mount.ts";
import { serveNative } from "../../lxcfs-shim/serve-native.ts";
import { openStaticFiles } from "./fuse-static-files.ts";

/**
 * `fuse-static-server DIRECTORY [dev-fuse|fuse-native]`: the shim's engine with a few constant files, for
 * tests of the engine and for its floor.
 */
await runProgram(async (signal) => {
  const [directory = "", transport] = process.argv.slice(2);
  const log = openLogger("fuse-static-server", "info");
  const common = { root: openHostRoot(), directory, log };
  if (transport === "fuse-native") {
    const onReady = (mountPoint: string): void => log.info({ mountPoint }, "ready");
    const native = { ...common, fileSystem: openStaticFiles(), containerPid: process.pid, onReady };
    await serveNative(native, signal);
    return EXIT.done;
  }
  const onReady = ({ mountPoint, connection, protocol }: ServedMount): void => {
    log.info({ mountPoint, connection, protocol }, "ready");
  };
  const module = new URL(`./fuse-static-worker${extname(import.meta.url)}`, import.meta.url);
  await serveMount({ ...common, module, moduleOptions: undefined, logLevel: "info", onReady }, signal);
  return EXIT.done;
});
