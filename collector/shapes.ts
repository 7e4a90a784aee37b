import { isHostAndPort, setLabel, sortedLabelNames } from "../core/metrics/labels.ts";
import type { Labels, Sample } from "../core/metrics/series.ts";
import { canonicalAddress, type MachineSeries } from "./identity.ts";
import { SeriesMap } from "./series-map.ts";

/**
 * What a series is apart from the machine it belongs to: `node_load1`, or
 * `node_cpu_seconds_total{cpu="0",mode="idle"}`. Machines are alike, so a shape is kept once for all
 * of them; and a machine that is rebuilt under another host name goes on with the same series.
 */
export interface Shape {
  readonly name: string;
  readonly labels: Labels;
  /** The same text for the same shape, for as long as anybody keeps it. */
  readonly key: string;
}

/** What one request says of one machine. */
export interface Reading {
  readonly machine: string;
  /** The labels that say which machine it is: instance, ip, hostname. */
  readonly identity: Labels;
  /** Every series came with all of `identity`. */
  readonly isUniform: boolean;
  readonly points: readonly Points[];
}

export interface Points {
  readonly shape: Shape;
  readonly samples: readonly Sample[];
}

/** Every shape that is in use, once. */
export class Shapes {
  /** Series that came when there were too many. */
  refused = 0;
  readonly #shapes = new SeriesMap<Shape>();
  readonly #max: number;

  constructor(max = 1_000_000) {
    this.#max = max;
  }

  get size(): number {
    return this.#shapes.size;
  }

  /** Divides what a request says of a machine into the machine and its shapes. Beyond the limit no new ones are made. */
  read({ machine, series }: MachineSeries): Reading {
    const identity: Record<string, string> = {};
    const points: Points[] = [];
    for (const { name, labels, samples } of series) {
      const shape = this.#intern(name, split(labels, identity));
      if (shape === undefined) this.refused++;
      else points.push({ shape, samples });
    }
    const isUniform = series.every(({ labels }) => hasIdentity(labels, identity));
    return { machine, identity, isUniform, points };
  }

  /** Forgets the shapes that nobody uses. */
  sweep(isUsed: (shape: Shape) => boolean): void {
    this.#shapes.prune((shape) => !isUsed(shape));
  }

  #intern(name: string, labels: Labels): Shape | undefined {
    const known = this.#shapes.find({ name, labels });
    if (known !== undefined || this.#shapes.size >= this.#max) return known;
    const shape = { name, labels, key: keyOf(name, labels) };
    this.#shapes.add(shape);
    return shape;
  }
}

/** Whether `mergedLabels` would change nothing: also where it has an `instance` of its own. */
function hasIdentity(labels: Labels, identity: Labels): boolean {
  for (const name in identity) {
    if (labels[name] === identity[name]) continue;
    if (name !== "instance" || !isHostAndPort(labels.instance ?? "")) return false;
  }
  return true;
}

/** The labels that are not the machine's; those that are go to `identity`. */
function split(labels: Labels, identity: Record<string, string>): Labels {
  const own: Record<string, string> = {};
  for (const name in labels) {
    const value = labels[name] ?? "";
    if (isMachineLabel(name, value)) identity[name] = value;
    else setLabel(own, name, value);
  }
  return own;
}

/** A scraped `instance` of host and port tells one program from another on the same machine: it stays. */
export function isMachineLabel(name: string, value: string): boolean {
  if (name === "ip" || name === "hostname") return true;
  return name === "instance" && canonicalAddress(value) !== undefined;
}

/** One text for a name and labels in any order. */
export function keyOf(name: string, labels: Labels): string {
  return JSON.stringify([name, ...sortedLabelNames(labels).flatMap((label) => [label, labels[label]])]);
}

/** The name and labels that `keyOf` made the text of. */
export function parseKey(key: string): { readonly name: string; readonly labels: Labels } {
  const [name = "", ...pairs] = JSON.parse(key) as string[];
  const labels: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) setLabel(labels, pairs[i] ?? "", pairs[i + 1] ?? "");
  return { name, labels };
}
