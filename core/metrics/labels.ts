import type { Labels } from "./series.ts";

/** Prometheus' data model: metric names may hold colons, label names may not. */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function isMetricName(text: string): boolean {
  return METRIC_NAME.test(text);
}

export function isLabelName(text: string): boolean {
  return LABEL_NAME.test(text);
}

/** The nearest metric name to a text of another naming: `cpu.idle` is `cpu_idle`. Empty for an empty one. */
export function toMetricName(text: string): string {
  return isMetricName(text) ? text : text.replaceAll(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_");
}

/** The same of a label's name, which has no colons. */
export function toLabelName(text: string): string {
  return isLabelName(text) ? text : text.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

/**
 * Label names in the order every protocol wants. Code unit order is byte order here: names are ASCII.
 */
export function sortedLabelNames(labels: Labels): string[] {
  return Object.keys(labels).sort();
}

/** Sets a label on a plain object, `__proto__` included, which is a valid label name. */
export function setLabel(labels: Record<string, string>, name: string, value: string): void {
  if (name !== "__proto__") labels[name] = value;
  else Object.defineProperty(labels, name, { value, enumerable: true, configurable: true, writable: true });
}

/** An `instance` of this form is a program of the machine whose address `ip` is. */
const HOST_AND_PORT = /^(\[.+\]|[^:]+):\d+$/;

export function isHostAndPort(instance: string): boolean {
  return HOST_AND_PORT.test(instance);
}

/**
 * The labels of a series that is `identity`'s: identity wins, but for the `instance` of a scraped program,
 * which tells it from others on the same machine.
 */
export function mergedLabels(labels: Labels, identity: Labels): Labels {
  const all: Record<string, string> = {};
  for (const name of Object.keys(labels)) setLabel(all, name, labels[name] ?? "");
  for (const name of Object.keys(identity)) {
    if (name === "instance" && isHostAndPort(labels.instance ?? "")) continue;
    setLabel(all, name, identity[name] ?? "");
  }
  return all;
}

/** `name{a="1",b="2"}` for people: in messages and logs. */
export function renderSeriesName(name: string, labels: Labels): string {
  const pairs = sortedLabelNames(labels).map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}
