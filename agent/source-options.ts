import { bug } from "../core/runtime/errors.ts";
import { type Fail, failing, type GivenValue } from "../core/runtime/options.ts";
import { readDuration } from "./read-duration.ts";
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
    sources.map((kind) => [kind.name, { isOn: kind.isOn, ...preset(kind) }]),
  );
  if (inFile !== undefined) {
    for (const [name, value] of Object.entries(mappingOf(inFile))) {
      const fail: Fail = (what, ...keys) => failing(inFile)(`${name} ${what}`, name, ...keys);
      settings.set(name, settingOf(kindOf(name, inFile), value, fail));
    }
  }
  for (const given of switches) {
    const name = String(given.value);
    const isOn = !name.startsWith("no-");
    const kind = kindOf(isOn ? name : name.slice("no-".length), given);
    settings.set(kind.name, { ...preset(kind), ...settings.get(kind.name), isOn });
  }
  return [...settings.values()].filter(({ isOn }) => isOn);
}

function mappingOf(given: GivenValue): Record<string, unknown> {
  const { value } = given;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  return failing(given)("must be a mapping of sources");
}

function kindOf(name: string, given: GivenValue): SourceKind {
  const kind = sources.find((known) => known.name === name);
  const hint = `known are ${sources.map((known) => known.name).join(", ")}`;
  return kind ?? failing(given, hint)(`${JSON.stringify(name)} is not a source`, name);
}

function settingOf(kind: SourceKind, value: unknown, fail: Fail): Setting {
  if (typeof value === "boolean") return { isOn: value, ...preset(kind) };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("must be true, false or a mapping of options");
  const { interval, ...options } = value as Record<string, unknown>;
  const intervalMs =
    interval === undefined
      ? kind.intervalMs
      : readDuration(interval, (what) => fail(`interval ${what}`, "interval"));
  return { isOn: true, kind, values: readValues(kind, options, fail), intervalMs };
}

/** As nobody has told it anything. */
function preset(kind: SourceKind): ChosenSource {
  return { kind, values: readValues(kind, {}, bug), intervalMs: kind.intervalMs };
}
