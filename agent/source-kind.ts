import type { HostRoot } from "../core/kernel/host-root.ts";
import type { Labels, Series } from "../core/metrics/series.ts";
import { errnoOf } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import type { Fail } from "../core/runtime/options.ts";
import type { SourceContext } from "./sources/types.ts";

/** An option of a source: its value where nobody says, and how one that is given is read. */
export interface SourceOption<T> {
  readonly describes: string;
  readonly fallback: T;
  /** The fallback as somebody would write it, where that is not the value itself. */
  readonly shown?: string;
  /** What is wrong goes to `fail`. */
  read(value: unknown, fail: Fail): T;
}

export type SourceOptions = Readonly<Record<string, SourceOption<unknown>>>;
type Values<O extends SourceOptions> = { readonly [K in keyof O]: O[K]["fallback"] };

/** What a source may hold on to from its opening, apart from its options. */
export interface Surroundings {
  readonly root: HostRoot;
  readonly log: Logger;
  /** Labels that every series will carry: a page's own of these names must make way. */
  identity(): Promise<Labels | undefined>;
}

export type AskSource = (context: SourceContext) => Promise<readonly Series[]>;

/** One family of metrics: what the configuration calls it, what it can be told, and how it is opened. */
export interface SourceKind {
  /** node_exporter's name where it has such a collector. */
  readonly name: string;
  readonly describes: string;
  /** Whether it is asked unless somebody says otherwise. */
  readonly isOn: boolean;
  /** Its own interval where nobody gives one, milliseconds; at each tick without. */
  readonly intervalMs?: number;
  readonly options: SourceOptions;
  open(values: Readonly<Record<string, unknown>>, surroundings: Surroundings): AskSource;
}

interface Definition<O extends SourceOptions> {
  readonly name: string;
  readonly describes: string;
  /** Opt-in. */
  readonly isOff?: true;
  readonly intervalMs?: number;
  readonly options?: O;
  open(values: Values<O>, surroundings: Surroundings): AskSource;
}

/** The values that `open` gets are of its options' types: a caller reads them by `readValues`. */
export function defineSource<O extends SourceOptions = Record<never, never>>(
  definition: Definition<O>,
): SourceKind {
  const { name, describes, isOff, intervalMs, options = {}, open } = definition;
  return {
    name,
    describes,
    isOn: isOff === undefined,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    options,
    open: (values, surroundings) => open(values as Values<O>, surroundings),
  };
}

/** The options' values: what `given` says, and the fallbacks. What is wrong goes to `fail`. */
export function readValues(
  { options }: SourceKind,
  given: Readonly<Record<string, unknown>>,
  fail: Fail,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, { fallback }] of Object.entries(options)) values[name] = fallback;
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(options, name) ? options[name] : undefined;
    if (known === undefined) {
      const names = ["interval", ...Object.keys(options)].join(", ");
      return fail(`unknown option ${JSON.stringify(name)}, known are ${names}`, name);
    }
    values[name] = known.read(value, (what, ...keys) => fail(`${name} ${what}`, name, ...keys));
  }
  return values;
}

/** Nothing here: a source of which this machine has nothing says so, and is silent rather than failing. */
export class NoData extends Error {}

/** What says that there is no such file, or that the kernel was built or started without it. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR", "ENOTSUP", "EOPNOTSUPP"]);

/** The text of a kernel file, undefined where this kernel has none. */
export async function readIfThere(read: SourceContext["read"], path: string): Promise<string | undefined> {
  try {
    return await read(path);
  } catch (error) {
    if (ABSENT.has(errnoOf(error))) return undefined;
    throw error;
  }
}

export const EVERYTHING: RegExp = /(?:)/;
export const NOTHING: RegExp = /(?!)/;

/** A regular expression, which matches anywhere unless it is anchored. */
export function pattern(fallback: RegExp, describes: string): SourceOption<RegExp> {
  return {
    describes,
    fallback,
    read: (value, fail) => {
      if (typeof value !== "string") return fail("must be a regular expression as text");
      try {
        return new RegExp(value);
      } catch (error) {
        return fail(error instanceof Error ? error.message.toLowerCase() : "is no regular expression");
      }
    },
  };
}

/** What matches `include` and not `exclude`. */
export function isWanted(
  name: string,
  { include, exclude }: { readonly include: RegExp; readonly exclude: RegExp },
): boolean {
  return include.test(name) && !exclude.test(name);
}

/** Both filters of a source, by which it leaves out `excluded` unless told otherwise. */
export function filters(
  what: string,
  excluded: RegExp,
): { readonly include: SourceOption<RegExp>; readonly exclude: SourceOption<RegExp> } {
  return {
    include: pattern(EVERYTHING, `only ${what} that match`),
    exclude: pattern(excluded, `not the ${what} that match`),
  };
}

export function count(fallback: number, max: number, describes: string): SourceOption<number> {
  return {
    describes,
    fallback,
    read: (value, fail) =>
      Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max
        ? Number(value)
        : fail(`must be a whole number up to ${max}`),
  };
}

export function text(fallback: string, describes: string): SourceOption<string> {
  return {
    describes,
    fallback,
    read: (value, fail) => (typeof value === "string" && value !== "" ? value : fail("must be a text")),
  };
}
