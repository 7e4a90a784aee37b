import { execFile } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { detachMount } from "../../lxcfs-shim/mount.ts";
import type { Cleanup } from "./cleanup.ts";
import type { Condition } from "./host.ts";
import { PATIENCE } from "./patience.ts";

const run = promisify(execFile);

/** What a reader prints. A process of its own: one that hangs must not take the test with it. */
export async function output(...argv: readonly string[]): Promise<string> {
  const [command = "", ...rest] = argv;
  return (await run(command, rest, { timeout: 20_000 * PATIENCE, env: { ...process.env, LC_ALL: "C" } }))
    .stdout;
}

/** What a reader that fails says on stderr. */
export async function failure(...argv: readonly string[]): Promise<string> {
  return output(...argv).then(
    (text) => `succeeded: ${text}`,
    (error: { stderr: string }) => error.stderr.trim(),
  );
}

/** A directory to mount on. The mount is not left behind, whatever a test did. */
export function mountPointIn(cleanup: Cleanup): string {
  const directory = join(cleanup.temporaryFolder(), "mount");
  cleanup.add(`mount ${directory}`, async () => {
    const detach = (): Promise<boolean> =>
      detachMount(directory).then(
        () => true,
        () => false,
      );
    while (await detach());
  });
  return directory;
}

const BUNDLED_LIBFUSE = fileURLToPath(
  new URL("../../node_modules/fuse-native/prebuilds/linux-x64/libfuse.so", import.meta.url),
);

export const hasFuseNative: Condition = {
  reason: "needs the optional package fuse-native",
  met: () => process.arch === "x64" && existsSync(BUNDLED_LIBFUSE),
};

/** fuse-native brings a libfuse 2 along, but not under the name its own addon looks for. */
export function libfuseEnvironment(cleanup: Cleanup): Record<string, string> {
  const folder = cleanup.temporaryFolder();
  symlinkSync(BUNDLED_LIBFUSE, join(folder, "libfuse.so.2"));
  return { LD_LIBRARY_PATH: folder };
}
