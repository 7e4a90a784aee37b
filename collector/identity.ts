import { isIP } from "node:net";
import { DecodeError } from "../core/metrics/decode-error.ts";
import { renderSeriesName } from "../core/metrics/labels.ts";
import type { Labels, Series } from "../core/metrics/series.ts";

/** A machine is its IP address: what the series of one machine have in common, whoever sent them. */
export interface MachineSeries {
  readonly machine: string;
  readonly series: readonly Series[];
}

/**
 * Divides a request's series by machine, each in the order they came. Throws DecodeError naming the
 * first series that belongs to none.
 */
export function divideByMachine(series: readonly Series[]): MachineSeries[] {
  const machines = new Map<string, Series[]>();
  for (const one of series) {
    const machine = machineOf(one.labels);
    if (machine === undefined) {
      const name = renderSeriesName(one.name, one.labels);
      throw new DecodeError("MALFORMED", `${name}: neither label instance nor label ip is an IP address`);
    }
    const members = machines.get(machine);
    if (members === undefined) machines.set(machine, [one]);
    else members.push(one);
  }
  return [...machines].map(([machine, members]) => ({ machine, series: members }));
}

/** The address in `instance`; in `ip` where `instance` names something else, such as a scraped `host:port`. */
export function machineOf(labels: Labels): string | undefined {
  return canonicalAddress(labels.instance) ?? canonicalAddress(labels.ip);
}

/** One spelling for each address; undefined for what is not one. */
export function canonicalAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const version = isIP(text);
  if (version === 4) return text;
  // A zone (fe80::1%eth0) means something on one host only.
  if (version === 0 || text.includes("%")) return undefined;
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  return fromMapped(canonical) ?? canonical;
}

/** `::ffff:a00:7` is how 10.0.0.7 looks through an IPv6 socket. */
function fromMapped(address: string): string | undefined {
  const match = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address);
  if (match === null) return undefined;
  const [high, low] = [Number.parseInt(match[1] ?? "", 16), Number.parseInt(match[2] ?? "", 16)];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}
