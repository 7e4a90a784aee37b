// What one collector tells another, GET /api/v1/heard?since=MS, times in milliseconds by the clock of who tells:
//   {"nowMs":1700000003000,
//    "machines":[{"ip":"10.0.0.7","lastSeenMs":1700000002900},
//                {"ip":"10.0.0.8","lastSeenMs":1700000002950,"about":{"owner":"web-8","firstSeenMs":…,"generations":[…]}}],
//    "planned":[{"ip":"10.0.0.9","atMs":1700000001000,"untilMs":1700000601000}]}
import type { About, Told } from "../inventory/hearsay.ts";
import type { Ended, Generation } from "../inventory/history-record.ts";
import type { Plan } from "../lifecycle/announcements.ts";

export interface News {
  readonly nowMs: number;
  readonly machines: readonly Told[];
  readonly planned: readonly Plan[];
}

/** Throws an Error for what is no such answer. */
export function parseNews(text: string): News {
  const { nowMs, machines, planned } = objectOf(JSON.parse(text));
  return {
    nowMs: numberOf(nowMs),
    machines: listOf(machines).map((one) => parseTold(objectOf(one))),
    planned: listOf(planned).map((one) => {
      const { ip, atMs, untilMs } = objectOf(one);
      return { ip: textOf(ip), atMs: numberOf(atMs), untilMs: numberOf(untilMs) };
    }),
  };
}

/** The same by our clock: what is told in this moment is now, whatever their clock says. */
export function byOurClock({ nowMs: theirsMs, machines, planned }: News, nowMs: number): News {
  const shift = (ms: number): number => ms + nowMs - theirsMs;
  return {
    nowMs,
    machines: machines.map(({ ip, lastSeenMs, about }) => ({
      ...{ ip, lastSeenMs: shift(lastSeenMs) },
      about: about && shifted(about, shift),
    })),
    planned: planned.map(({ ip, atMs, untilMs }) => ({ ip, atMs: shift(atMs), untilMs: shift(untilMs) })),
  };
}

function shifted({ firstSeenMs, generations, ended, ...rest }: About, shift: (ms: number) => number): About {
  const end = ({ atMs, why }: Ended): Ended => ({ atMs: shift(atMs), why });
  return {
    ...rest,
    firstSeenMs: shift(firstSeenMs),
    generations: generations.map((one) => ({
      ...one,
      startedMs: shift(one.startedMs),
      ...(one.ended === undefined ? {} : { ended: end(one.ended) }),
    })),
    ...(ended === undefined ? {} : { ended: end(ended) }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseTold({ ip, lastSeenMs, about }: Fields): Told {
  const told = { ip: textOf(ip), lastSeenMs: numberOf(lastSeenMs) };
  return about === undefined ? told : { ...told, about: parseAbout(objectOf(about)) };
}

function parseAbout({ owner, firstSeenMs, generations, ended }: Fields): About {
  return {
    owner: optional(owner, textOf),
    firstSeenMs: numberOf(firstSeenMs),
    generations: listOf(generations).map((one) => parseGeneration(objectOf(one))),
    ...(ended === undefined ? {} : { ended: parseEnded(objectOf(ended)) }),
  };
}

function parseGeneration({ generation, container, image, host, startedMs, ended }: Fields): Generation {
  return {
    generation: optional(generation, numberOf),
    container: optional(container, textOf),
    image: optional(image, textOf),
    host: optional(host, textOf),
    startedMs: numberOf(startedMs),
    ...(ended === undefined ? {} : { ended: parseEnded(objectOf(ended)) }),
  };
}

function parseEnded({ atMs, why }: Fields): Ended {
  return { atMs: numberOf(atMs), why: textOf(why) };
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : parse(value);
}

function objectOf(value: unknown): Fields {
  if (typeof value === "object" && value !== null) return value as Fields;
  throw new Error("not what a collector tells");
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error("not what a collector tells");
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("not what a collector tells");
}

function numberOf(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error("not what a collector tells");
}
