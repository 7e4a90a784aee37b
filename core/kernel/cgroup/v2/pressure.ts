import { once } from "../../once.ts";
import type { Pressure, PressureText } from "../stats.ts";
import { readAttribute } from "../values.ts";

/*
 * some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 * full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Documentation/accounting/psi.rst. Absent without CONFIG_PSI or with cgroup.pressure 0; there but
 * EOPNOTSUPP when booted with psi=0.
 */

/** Undefined when the cgroup has no pressure at all. Each resource is read when first asked for, the CPU's at once. */
export function readPressure(directory: string): Pressure | undefined {
  const cpu = readText(directory, "cpu");
  if (cpu === undefined) return undefined;
  const io = once(() => readText(directory, "io"));
  const memory = once(() => readText(directory, "memory"));
  return {
    cpu,
    get io() {
      return io();
    },
    get memory() {
      return memory();
    },
  };
}

function readText(directory: string, resource: string): PressureText | undefined {
  return readAttribute(directory, `${resource}.pressure`, (text) => text);
}
