import { lazyClass } from "../../lazy.ts";
import type { Pressure, PressureText } from "../stats.ts";
import { readAttribute } from "../values.ts";

/*
 * some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 * full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Documentation/accounting/psi.rst. Absent without CONFIG_PSI or with cgroup.pressure 0; there but
 * EOPNOTSUPP when booted with psi=0. irq, which has `full` only, since Linux 6.1 where the time of interrupts is
 * accounted.
 */

/** Undefined when the cgroup has no pressure at all. Each resource is read when first asked for, the CPU's at once. */
export function readPressure(directory: string): Pressure | undefined {
  const cpu = readText(directory, "cpu");
  if (cpu === undefined) return undefined;
  return lazyPressure({
    cpu: () => cpu,
    io: () => readText(directory, "io"),
    memory: () => readText(directory, "memory"),
    irq: () => readText(directory, "irq"),
  });
}

const lazyPressure = lazyClass<Pressure>();

function readText(directory: string, resource: string): PressureText | undefined {
  return readAttribute(directory, `${resource}.pressure`, (text) => text);
}
