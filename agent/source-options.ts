import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import type { GivenValue } from "../core/runtime/options.ts";
import { readValues, type SourceKind } from "./source-kind.ts";
import { sources } from "./sources/index.ts";

/** A source that is on, as it is to be opened. */
export interface ChosenSource {
  readonly kind: SourceKind;
  readonly values: Readonly<Record<string, unknown>>;
  readonly intervalMs: number | undefined;
}

interface Setting extends ChosenSource {
  readonly isOn: boolean;
}

/**
 * What of all sources is on. `inFile` maps names to true, false or options, which switch it on; the
 * `switches` of flags and environment are names, `no-NAME` for off, and come last. Throws UsageError.
 */
export function chooseSources(
  inFile: GivenValue | undefined,
  switches: readonly GivenValue[],
): readonly ChosenSource[] {
  const settings = new Map<string, Setting>(
    sources.map((kind) => [kind.name, { isOn: kind.isOn, ...opened(kind, {}, kind.name) }]),
  );
  for (const [name, value] of Object.entries(mappingOf(inFile))) {
    const option = `${inFile?.option}: ${name}`;
    const kind = kindOf(name, option);
    settings.set(name, settingOf(kind, value, option));
  }
  for (const { option, value } of switches) {
    const name = String(value);
    const isOn = !name.startsWith("no-");
    const kind = kindOf(isOn ? name : name.slice("no-".length), option);
    settings.set(kind.name, { ...opened(kind, {}, option), ...settings.get(kind.name), isOn });
  }
  return [...settings.values()].filter(({ isOn }) => isOn);
}

function mappingOf(given: GivenValue | undefined): Record<string, unknown> {
  if (given === undefined) return {};
  const { option, value } = given;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError(`${option} must be a mapping of sources`);
}

function kindOf(name: string, option: string): SourceKind {
  const kind = sources.find((known) => known.name === name);
  if (kind !== undefined) return kind;
  throw new UsageError(`${option}: ${JSON.stringify(name)} is not a source`, {
    hint: `known are ${sources.map((known) => known.name).join(", ")}`,
  });
}

function settingOf(kind: SourceKind, value: unknown, option: string): Setting {
  if (typeof value === "boolean") return { isOn: value, ...opened(kind, {}, option) };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { isOn: true, ...opened(kind, { ...value }, option) };
  }
  throw new UsageError(`${option} must be true, false or a mapping of options`);
}

function opened(kind: SourceKind, given: Readonly<Record<string, unknown>>, option: string): ChosenSource {
  const { interval, ...options } = given;
  if (interval !== undefined && typeof interval !== "string") {
    throw new UsageError(`${option}: interval must be a duration, e.g. 1m`);
  }
  const intervalMs =
    interval === undefined ? kind.intervalMs : parseDuration(`${option}: interval`, interval);
  return { kind, values: readValues(kind, options, option), intervalMs };
}
