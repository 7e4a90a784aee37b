import type { Delivery } from "../../core/metrics/delivery.ts";
import type { Forward } from "../forward-url.ts";
import type { OpenSink } from "../sinks/types.ts";
import type { KeptLetter } from "./letter-files.ts";

/** Samples, by what became of them. */
export interface Resubmitted {
  delivered: number;
  refused: number;
  /** The sink does not answer, is not configured any more, or the bytes are not known. */
  kept: number;
}

/** Why a sink was given up on, by its name. */
export type Problems = Map<string, string>;

/**
 * Delivers letters to the sinks that refused them, in order, and returns those that stay: a letter that is refused
 * again has the new reason, one for a sink that does not answer is as it was.
 */
export async function resubmitLetters(
  letters: readonly KeptLetter[],
  forwards: readonly Forward[],
  counts: Resubmitted,
  problems: Problems,
): Promise<readonly KeptLetter[]> {
  const sinks = new Map<string, OpenSink>();
  const left: KeptLetter[] = [];
  try {
    for (const letter of letters) {
      const again = await resubmit(letter, forwards, sinks, problems);
      counts[again.outcome] += letter.samples;
      if (again.outcome !== "delivered") left.push({ ...letter, reason: again.reason ?? letter.reason });
    }
    return left;
  } finally {
    await Promise.all([...sinks.values()].map((sink) => sink.close()));
  }
}

interface Again {
  readonly outcome: keyof Resubmitted;
  readonly reason?: string;
}

async function resubmit(
  { sink: name, body }: KeptLetter,
  forwards: readonly Forward[],
  sinks: Map<string, OpenSink>,
  problems: Problems,
): Promise<Again> {
  const forward = forwards.find((one) => one.name === name);
  if (forward === undefined)
    problems.set(name, "is not configured (hint: give it with --forward or --config)");
  if (forward === undefined || problems.has(name) || body.length === 0) return { outcome: "kept" };
  const sink = sinks.get(name) ?? (await openSink(forward));
  sinks.set(name, sink);
  const delivery = await sink.deliver(sink.join([body]), new AbortController().signal);
  if (delivery.outcome === "retry") problems.set(name, delivery.reason);
  return judge(delivery);
}

function openSink({ kind, name, url, files }: Forward): Promise<OpenSink> {
  return kind.open(name, url, { connections: 1, ...files });
}

function judge(delivery: Delivery): Again {
  if (delivery.outcome === "retry") return { outcome: "kept" };
  if (delivery.outcome === "refused") return { outcome: "refused", reason: delivery.reason };
  const { rejected } = delivery;
  return rejected === undefined ? { outcome: "delivered" } : { outcome: "refused", reason: rejected.reason };
}
