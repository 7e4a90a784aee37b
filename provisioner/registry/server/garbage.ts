/*
 * What `registry garbage-collect` prints, of Distribution 2.8 and 3:
 *
 *   team/app
 *   team/app: marking manifest sha256:3f5c…
 *   team/app: marking blob sha256:91ef…
 *
 *   5 blobs marked, 2 blobs and 0 manifests eligible for deletion
 *   blob eligible for deletion: sha256:5f70…
 *
 * It takes what nothing refers to at the moment it looks, and so also a layer whose manifest is on its way.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Clock } from "../../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError } from "../../../core/runtime/errors.ts";
import { startProcess } from "../../../core/runtime/exec.ts";
import { configOf, registryArgv } from "./argv.ts";
import { readBlobSizes } from "./blob-sizes.ts";
import type { ServerSpec } from "./declaration.ts";
import { inWindow, type ServerDocuments } from "./window.ts";

const LOOK_MS = 500;
/** A replica first lets the requests end that are under way. */
const READ_ONLY_MS = 90_000;

export interface GarbageReport {
  /** Those that are needed. */
  readonly marked: number;
  readonly blobs: number;
  /** Undefined where the storage is not a folder that can be looked into. */
  readonly bytes: number | undefined;
}

export interface GarbageContext {
  readonly documents: ServerDocuments;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Replicas that are known to be off. */
  readonly without: readonly string[];
  readonly say: (line: string) => void;
}

/** Frees what no manifest needs, while no replica can be written to. */
export async function collectGarbage(spec: ServerSpec, context: GarbageContext): Promise<GarbageReport> {
  const { documents, clock, signal, without, say } = context;
  const unknown = without.find((name) => !spec.replicas.some((replica) => replica.name === name));
  if (unknown !== undefined) throw new NotFoundError(`replica ${unknown}: there is no such replica`);
  const id = randomUUID();
  return inWindow(documents, id, clock, signal, async (inside) => {
    say("waiting until no replica can be written to");
    await waitUntilReadOnly(spec, context, id, inside);
    say("collecting");
    return runCollector(spec, inside);
  });
}

/** What it would free, by the present moment. Changes nothing, and disturbs nobody. */
export function planGarbage(spec: ServerSpec, signal: AbortSignal): Promise<GarbageReport> {
  return runCollector(spec, signal, "--dry-run");
}

async function waitUntilReadOnly(
  spec: ServerSpec,
  { documents, clock, without }: GarbageContext,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = clock.monotonicMs() + READ_ONLY_MS;
  for (;;) {
    signal.throwIfAborted();
    const states = await documents.readReplicas();
    const missing = spec.replicas.find(({ name }) => {
      const found = states.get(name);
      const isQuiet = found?.state === "down" || (found?.state === "read-only" && found.window === id);
      return !isQuiet && !without.includes(name);
    });
    if (missing === undefined) return;
    if (clock.monotonicMs() > deadline)
      throw new PlimsollError("REGISTRY_GC", `replica ${missing.name} does not say that it is read-only`, {
        hint: `does its plimsoll registry up run? --without ${missing.name} if it is off`,
      });
    await clock.sleep(LOOK_MS, signal);
  }
}

async function runCollector(
  spec: ServerSpec,
  signal: AbortSignal,
  ...flags: readonly string[]
): Promise<GarbageReport> {
  const { storage } = spec;
  const sizes = storage.kind === "filesystem" ? readBlobSizes(storage.folder) : undefined;
  const argv = await registryArgv(spec, "garbage-collect", ...flags, configOf(spec, "read-only"));
  const child = startProcess(argv, { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  let [marked, blobs, bytes] = [0, 0, 0];
  let lastError = "";
  eachLine(child.stderr, (line) => {
    lastError = line;
  });
  eachLine(child.stdout, (line) => {
    const digest = /^blob eligible for deletion: (\S+)$/.exec(line)?.[1];
    if (digest !== undefined) bytes += sizes?.get(digest) ?? 0;
    const [, all, some] = /^(\d+) blobs marked, (\d+) blobs/.exec(line) ?? [];
    if (all !== undefined) [marked, blobs] = [Number(all), Number(some)];
    if (/^failed to garbage collect/.test(line)) lastError = line;
  });
  const [code] = await closed.finally(() => signal.removeEventListener("abort", kill));
  signal.throwIfAborted();
  // Nothing was ever pushed.
  if (code !== 0 && !/Path not found: \S*\/docker\/registry\/v2\/repositories/.test(lastError))
    throw new PlimsollError(
      "REGISTRY_GC",
      `${spec.program} garbage-collect: ${lastError || `exit code ${code}`}`,
    );
  return { marked, blobs, bytes: sizes === undefined ? undefined : bytes };
}

function eachLine(stream: Readable | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", take);
}
