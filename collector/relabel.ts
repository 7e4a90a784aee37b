// Prometheus' relabel_config (prometheus.io, "Configuration"), apart from what Go's regular expressions
// have and JavaScript's do not:
//   - {sourceLabels: [mountpoint], regex: "/(proc|sys)(/.*)?", action: drop}
//   - {regex: "tmp_(.+)", replacement: "$1", action: labelmap}
import { createHash } from "node:crypto";
import { isLabelName, isMetricName, setLabel } from "../core/metrics/labels.ts";
import type { Labels } from "../core/metrics/series.ts";

/** `__name__` is among the labels. Undefined when the series is not to be handed on. */
export type Relabel = (labels: Labels) => Labels | undefined;

/** Changes the labels; false drops the series. */
type Rule = (labels: Record<string, string>) => boolean;

interface Settings {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: RegExp;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
}

type Fail = (what: string) => never;

/** Both spellings of Prometheus' names: its files are copied from. */
const KEYS: Readonly<Record<string, keyof Settings | "action">> = {
  ...{ source_labels: "sourceLabels", target_label: "targetLabel", sourceLabels: "sourceLabels" },
  ...{ targetLabel: "targetLabel", separator: "separator", regex: "regex", modulus: "modulus" },
  ...{ replacement: "replacement", action: "action" },
};

/** A list of rules as the configuration file has it; what is wrong goes to `fail`. */
export function parseRelabel(value: unknown, fail: Fail): Relabel {
  if (!Array.isArray(value)) return fail("must be a list of rules");
  const rules = value.map((rule, index) => parseRule(rule, (what) => fail(`rule ${index + 1}: ${what}`)));
  return (given) => {
    const labels: Record<string, string> = {};
    for (const name in given) setLabel(labels, name, given[name] ?? "");
    if (!rules.every((rule) => rule(labels))) return undefined;
    // Labels that begin with two underscores are the rules' own notes.
    for (const name in labels) if (name.startsWith("__") && name !== "__name__") delete labels[name];
    return isMetricName(labels.__name__ ?? "") ? labels : undefined;
  };
}

function parseRule(value: unknown, fail: Fail): Rule {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("must be a mapping");
  const given: Partial<Record<keyof Settings | "action", unknown>> = {};
  for (const [name, setting] of Object.entries(value)) {
    given[ownOf(KEYS, name) ?? fail(`unknown option ${JSON.stringify(name)}`)] = setting;
  }
  const { action = "replace", sourceLabels = [] } = given;
  const text = (key: keyof Settings, usual: string): string => {
    const found = given[key] ?? usual;
    return typeof found === "string" ? found : fail(`${key} must be a text`);
  };
  if (!Array.isArray(sourceLabels) || !sourceLabels.every((name) => isLabelName(String(name))))
    return fail("sourceLabels must be a list of label names");
  const settings: Settings = {
    sourceLabels: sourceLabels.map(String),
    separator: text("separator", ";"),
    regex: parseRegex(text("regex", "(.*)"), fail),
    modulus: Number(given.modulus ?? 0),
    targetLabel: text("targetLabel", ""),
    replacement: text("replacement", "$1"),
  };
  const make =
    ownOf(ACTIONS, String(action).toLowerCase()) ?? fail(`unknown action ${JSON.stringify(action)}`);
  if (make.needsTarget && settings.targetLabel === "") return fail(`${action} needs targetLabel`);
  if (make === ACTIONS.hashmod && !(Number.isSafeInteger(settings.modulus) && settings.modulus > 0))
    return fail("hashmod needs modulus, a whole number");
  return make.open(settings);
}

/** Nothing by the names that every object has. */
function ownOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Anchored at both ends; a dot is any character, as there. */
function parseRegex(text: string, fail: Fail): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, "su");
  } catch {
    return fail(`regex ${JSON.stringify(text)} is not a regular expression`);
  }
}

interface Action {
  readonly needsTarget: boolean;
  open(settings: Settings): Rule;
}

const always = (change: (labels: Record<string, string>) => void): Rule => {
  return (labels) => {
    change(labels);
    return true;
  };
};

const ACTIONS: Readonly<Record<string, Action>> = {
  replace: { needsTarget: true, open: replace },
  keep: {
    needsTarget: false,
    open: (settings) => (labels) => settings.regex.test(sourceOf(settings, labels)),
  },
  drop: {
    needsTarget: false,
    open: (settings) => (labels) => !settings.regex.test(sourceOf(settings, labels)),
  },
  keepequal: {
    needsTarget: true,
    open: (settings) => (labels) => sourceOf(settings, labels) === (labels[settings.targetLabel] ?? ""),
  },
  dropequal: {
    needsTarget: true,
    open: (settings) => (labels) => sourceOf(settings, labels) !== (labels[settings.targetLabel] ?? ""),
  },
  hashmod: { needsTarget: true, open: hashmod },
  lowercase: {
    needsTarget: true,
    open: (settings) =>
      always((labels) => put(labels, settings.targetLabel, sourceOf(settings, labels).toLowerCase())),
  },
  uppercase: {
    needsTarget: true,
    open: (settings) =>
      always((labels) => put(labels, settings.targetLabel, sourceOf(settings, labels).toUpperCase())),
  },
  labelmap: { needsTarget: false, open: labelmap },
  labeldrop: {
    needsTarget: false,
    open: ({ regex }) => always((labels) => dropWhere(labels, (name) => regex.test(name))),
  },
  labelkeep: {
    needsTarget: false,
    open: ({ regex }) => always((labels) => dropWhere(labels, (name) => !regex.test(name))),
  },
};

function sourceOf({ sourceLabels, separator }: Settings, labels: Labels): string {
  return sourceLabels.map((name) => labels[name] ?? "").join(separator);
}

function replace(settings: Settings): Rule {
  return always((labels) => {
    const match = settings.regex.exec(sourceOf(settings, labels));
    if (match === null) return;
    const target = expand(settings.targetLabel, match);
    if (isLabelName(target)) put(labels, target, expand(settings.replacement, match));
  });
}

/** As Prometheus has it: the last eight bytes of the MD5, so that both divide series alike. */
function hashmod(settings: Settings): Rule {
  const modulus = BigInt(Math.trunc(settings.modulus));
  return always((labels) => {
    const digest = createHash("md5").update(sourceOf(settings, labels)).digest();
    put(labels, settings.targetLabel, String(digest.readBigUInt64BE(8) % modulus));
  });
}

function labelmap({ regex, replacement }: Settings): Rule {
  return always((labels) => {
    for (const [name, value] of Object.entries(labels)) {
      const match = regex.exec(name);
      const target = match === null ? "" : expand(replacement, match);
      if (isLabelName(target)) put(labels, target, value);
    }
  });
}

function dropWhere(labels: Record<string, string>, isGone: (name: string) => boolean): void {
  for (const name of Object.keys(labels)) if (isGone(name)) delete labels[name];
}

/** An empty value is no label. */
function put(labels: Record<string, string>, name: string, value: string): void {
  if (value === "") delete labels[name];
  else setLabel(labels, name, value);
}

/** `$1`, `${1}`, `${name}`; `$$` is a dollar. A group that does not exist is nothing. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    if (name === undefined) return whole === "$$" ? "$" : whole;
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? "";
  });
}
