import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import type { RunningProgram } from "./run-program.ts";
import { startShim } from "./shim.ts";
import { makeCgroup, startViewContainer, type ViewContainer } from "./view-container.ts";
import { waitFor } from "./wait-for.ts";

const READER = fileURLToPath(new URL("verifying-reader.mjs", import.meta.url));
const LIMIT_KIB = 256 * 1024;
/** What a reader may wait when the machine is busy with something else. */
export const READER_PATIENCE_MS = 10_000;

/** What verifying-reader.mjs prints. */
export interface ReaderResult {
  readonly reads: number;
  readonly interrupted: number;
  readonly longestMs: number;
  readonly errors: readonly string[];
  readonly torn: readonly string[];
}

export interface HeldShim {
  readonly shim: RunningProgram;
  readonly mount: string;
  readonly container: ViewContainer;
}

/** A shim, and a container of 256 MiB and one and a half CPUs that sees its files. */
export async function startHeldShim(cleanup: Cleanup, ...args: readonly string[]): Promise<HeldShim> {
  const { shim, mount } = await startShim(cleanup, ...args);
  const cgroup = makeCgroup(cleanup, `plimsoll-held-${process.pid}`);
  cgroup.setMemoryLimit(LIMIT_KIB * 1024);
  cgroup.setQuota(1.5);
  return { shim, mount, container: await startViewContainer(cleanup, cgroup, mount) };
}

/** Starts a reader in the container; the function ends it and tells what it found. */
export function startReader(
  cleanup: Cleanup,
  container: ViewContainer,
  mode: "whole" | "pieces" | "kept",
): () => Promise<ReaderResult> {
  const inside = ["nsenter", "-t", `${container.pid}`, "-m", "-p", "-C", process.execPath, READER];
  const child = startProcess([...inside, "/proc", `${LIMIT_KIB}`, mode], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  cleanup.add("reader", () => void child.kill("SIGKILL"));
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk;
  });
  return async () => {
    child.stdin?.end();
    const line = (): string | false => printed.endsWith("\n") && printed;
    return JSON.parse(await waitFor("a reader's end", line, READER_PATIENCE_MS));
  };
}

/** The server that a holder runs now. */
export function serverOf(holder: number): number {
  const children = readFileSync(`/proc/${holder}/task/${holder}/children`, "utf8").trim();
  return Number(children.split(" ").at(-1));
}

/** How many servers have got as far as serving. */
export function timesServed(shim: RunningProgram): number {
  return shim.stderr.filter((line) => line.includes('"msg":"ready"')).length;
}
