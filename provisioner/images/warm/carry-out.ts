import { backoffMs } from "../../../core/runtime/backoff.ts";
import type { Clock } from "../../../core/runtime/clock.ts";
import { errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import { nameInEngine } from "../../fleet/held-images.ts";
import type { Credentials } from "../../registry/authorization.ts";
import type { Store } from "../../store/types.ts";
import type { EngineImages } from "../engine-images.ts";
import { findReport, type WantedImage, type WarmOrder, type WarmReport, writeReport } from "./documents.ts";

export interface CarryOutParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly engine: EngineImages;
  /** Of the order's registry, as this host knows them: they are in no store. */
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
  onReport?(report: WarmReport): void;
}

const PAUSES = { firstMs: 1000, longestMs: 30_000 };
const MAX_ATTEMPTS = 4;

/**
 * Has this host's engine have what an order names, image by image: an engine pulls an image's layers side by side
 * itself. After a kill what is there is found there. Undefined where it was broken off by `signal`.
 */
export async function carryOut(order: WarmOrder, parts: CarryOutParts): Promise<WarmReport | undefined> {
  const { store, clock, signal } = parts;
  const { host, rule, round, images, orderedMs } = order;
  const before = await findReport(store, host, rule);
  let report: WarmReport = {
    ...{ host, rule, round, wanted: images.length, pulled: 0, failed: [], endedMs: undefined },
    missing: images.map(({ image }) => image),
    startedMs: clock.nowMs(),
    currentMs: before?.currentMs ?? 0,
  };
  const tell = async (changes: Partial<WarmReport>): Promise<void> => {
    report = { ...report, ...changes };
    await writeReport(store, report);
    parts.onReport?.(report);
  };
  await tell({});
  for (const wanted of images) {
    const { image } = wanted;
    const outcome = await obtain(wanted, parts);
    if (signal.aborted) return undefined;
    const missing = report.missing.filter((each) => each !== image);
    if (outcome === "there") report = { ...report, missing };
    else if (outcome === "pulled") await tell({ missing, pulled: report.pulled + 1 });
    else await tell({ missing, failed: [...report.failed, `${image}: ${outcome.problem}`] });
  }
  const isCurrent = report.failed.length === 0;
  await tell({ endedMs: clock.nowMs(), ...(isCurrent && { currentMs: orderedMs }) });
  return report;
}

/** By digest, and then by the name that people use: whoever makes a container of that pulls nothing. */
async function obtain(
  { image, from, digest }: WantedImage,
  { engine, clock, credentials, signal }: CarryOutParts,
): Promise<"there" | "pulled" | { readonly problem: string }> {
  const pinned = nameInEngine(`${from}@${digest}`);
  for (let failures = 1; ; failures++) {
    try {
      if ((await engine.digestsOf(image))?.includes(pinned)) return "there";
      // The image may be there by another name, or by the one it had before its tag moved.
      if ((await engine.digestsOf(pinned)) === undefined)
        await engine.pull(from, digest, credentials, signal);
      await engine.tag(pinned, image);
      return "pulled";
    } catch (error) {
      if (!signal.aborted && !(error instanceof PlimsollError)) throw error;
      if (signal.aborted || failures === MAX_ATTEMPTS) return { problem: errorLine(error) };
      await clock.sleep(backoffMs(PAUSES, failures, undefined, Math.random()), signal);
    }
  }
}
