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
import { configOf, registryArgv, registryEnvironment } from "./argv.ts";
import { readBlobSizes } from "./blob-sizes.ts";
import type { ServerSpec } from "./declaration.ts";
import { findUntagged, removeUntagged, type UntaggedManifest } from "./untagged.ts";
import { type Collected, inWindow, type ReplicaState, type ServerDocuments } from "./window.ts";

const LOOK_MS = 500;
/** A replica first lets the requests end that are under way. */
const READ_ONLY_MS = 90_000;
/** Then it is started again: that takes it a second or two. */
const WRITABLE_MS = 15_000;

export type GarbageReport = Omit<Collected, "endedMs">;

/** Manifests without a tag go as well, when they are older than that. */
export interface Untagged {
  readonly ageMs: number;
  readonly inUse: ReadonlySet<string>;
}

export interface GarbageContext {
  readonly documents: ServerDocuments;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Replicas that are known to be off. */
  readonly without: readonly string[];
  readonly untagged: Untagged | undefined;
  readonly say: (line: string) => void;
}

/** Frees what no manifest needs, while no replica can be written to. */
export async function collectGarbage(spec: ServerSpec, context: GarbageContext): Promise<GarbageReport> {
  const { documents, clock, signal, without, untagged, say } = context;
  const unknown = without.find((name) => !spec.replicas.some((replica) => replica.name === name));
  if (unknown !== undefined) throw new NotFoundError(`replica ${unknown}: there is no such replica`);
  if (untagged !== undefined) folderOf(spec); // refused before any replica is disturbed
  const id = randomUUID();
  const report = await inWindow(documents, id, clock, signal, async (inside) => {
    say("waiting until no replica can be written to");
    await waitUntilReadOnly(spec, context, id, inside);
    say("collecting");
    const manifests = listUntagged(spec, untagged, clock);
    if (spec.storage.kind === "filesystem") removeUntagged(spec.storage.folder, manifests);
    return { ...(await runCollector(spec, inside)), untagged: manifests.length };
  });
  await documents.writeCollected({ ...report, endedMs: clock.nowMs() });
  await waitUntilWritable(context, id);
  return report;
}

/** What it would free, by the present moment; not what would be freed by untagged manifests. Disturbs nobody. */
export async function planGarbage(
  spec: ServerSpec,
  { untagged, clock, signal }: Pick<GarbageContext, "untagged" | "clock" | "signal">,
): Promise<GarbageReport> {
  const { length } = listUntagged(spec, untagged, clock);
  return { ...(await runCollector(spec, signal, "--dry-run")), untagged: length };
}

function listUntagged(
  spec: ServerSpec,
  untagged: Untagged | undefined,
  clock: Clock,
): readonly UntaggedManifest[] {
  if (untagged === undefined) return [];
  return findUntagged(folderOf(spec), { beforeMs: clock.nowMs() - untagged.ageMs, inUse: untagged.inUse });
}

/** Where what has no tag can be found. */
function folderOf({ storage }: ServerSpec): string {
  if (storage.kind === "filesystem") return storage.folder;
  throw new PlimsollError(
    "REGISTRY_GC",
    "manifests without a tag are found in a folder only, not in a bucket",
  );
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

/** So that who pushes next is not refused. What has been collected is, whatever becomes of a replica: it is not waited for long. */
async function waitUntilWritable(
  { documents, clock, signal, without }: GarbageContext,
  id: string,
): Promise<void> {
  const deadline = clock.monotonicMs() + WRITABLE_MS;
  while (!signal.aborted && clock.monotonicMs() < deadline) {
    const states = await documents.readReplicas().catch(() => new Map<string, ReplicaState>());
    const isOnItsWay = [...states].some(
      ([name, { state, window }]) => !without.includes(name) && (window === id || state === "starting"),
    );
    if (!isOnItsWay) return;
    await clock.sleep(LOOK_MS, signal);
  }
}

async function runCollector(
  spec: ServerSpec,
  signal: AbortSignal,
  ...flags: readonly string[]
): Promise<Omit<GarbageReport, "untagged">> {
  const { storage } = spec;
  const sizes = storage.kind === "filesystem" ? readBlobSizes(storage.folder) : undefined;
  const argv = await registryArgv(spec, "garbage-collect", ...flags, configOf(spec, "read-only"));
  const child = startProcess(argv, { stdio: ["ignore", "pipe", "pipe"], env: registryEnvironment(spec) });
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
