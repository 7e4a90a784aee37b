import { expect } from "vitest";
import type { Cleanup } from "./cleanup.ts";
import { mountPointIn } from "./fuse-mount.ts";
import { programArgv, type RunningProgram, startProgram } from "./run-program.ts";

export interface ServingShim {
  /** The holder of the mount. */
  readonly shim: RunningProgram;
  readonly mount: string;
}

/** A shim that serves a mount of the test's own, and that must end well. */
export async function startShim(cleanup: Cleanup, ...args: readonly string[]): Promise<ServingShim> {
  const mount = mountPointIn(cleanup);
  const shim = startProgram(cleanup, programArgv("plimsoll-shim", "serve", "--mount", mount, ...args));
  cleanup.add("shim", async () => expect(await shim.stop()).toBe(0));
  await shim.waitForLine(/"msg":"ready"/);
  return { shim, mount };
}
