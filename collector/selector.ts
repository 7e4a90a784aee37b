// Prometheus' instant vector selectors (prometheus.io, "Querying basics"):
//   node_load1    {__name__=~"node_.*",instance!="10.0.0.7"}    node_cpu_seconds_total{mode="idle"}
import { DecodeError } from "../core/metrics/decode-error.ts";
import type { Labels } from "../core/metrics/series.ts";

/** Whether a series is asked for; a label that it does not have is empty. */
export type Selector = (name: string, labels: Labels) => boolean;

type Matcher = (value: string) => boolean;

const METRIC = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*/;
const MATCHER =
  /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*(,|$)/y;

/** Throws DecodeError for what is none. At least one matcher must not fit an empty text, as there. */
export function parseSelector(text: string): Selector {
  const fail = (): never => {
    throw new DecodeError("MALFORMED", `${JSON.stringify(text)} is not a selector`);
  };
  const [start = "", metric] = METRIC.exec(text) ?? [];
  const rest = text.slice(start.length).trim();
  const inner = /^\{(.*)\}$/s.exec(rest)?.[1] ?? (rest === "" ? "" : fail());
  const matchers: (readonly [label: string, matches: Matcher])[] = [];
  if (metric !== undefined) matchers.push(["__name__", (value) => value === metric]);
  for (MATCHER.lastIndex = 0; inner.slice(MATCHER.lastIndex).trim() !== ""; ) {
    const [, label = "", operator = "", quoted, single = ""] = MATCHER.exec(inner) ?? fail();
    matchers.push([label, matcherOf(operator, unquote(quoted ?? single), fail)]);
  }
  if (!matchers.some(([, matches]) => !matches(""))) fail();
  return (name, labels) =>
    matchers.every(([label, matches]) => matches(label === "__name__" ? name : (labels[label] ?? "")));
}

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}

function matcherOf(operator: string, text: string, fail: () => never): Matcher {
  if (operator === "=") return (value) => value === text;
  if (operator === "!=") return (value) => value !== text;
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${text})$`, "su");
  } catch {
    return fail();
  }
  return operator === "=~" ? (value) => expression.test(value) : (value) => !expression.test(value);
}
