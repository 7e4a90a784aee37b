import type { Pressure, PressureText } from "../../core/kernel/cgroup/stats.ts";
import type { ContainerView, ProcFile } from "./types.ts";

// some avg10=0.00 avg60=0.00 avg300=0.00 total=0
// full avg10=0.00 avg60=0.00 avg300=0.00 total=0
//
// Documentation/accounting/psi.rst. What the kernel writes for a cgroup is what it writes for the machine. Triggers are
// not taken: the file is read only.

export const cpuPressure: ProcFile = pressureFile("cpu");
export const ioPressure: ProcFile = pressureFile("io");
export const memoryPressure: ProcFile = pressureFile("memory");

const NO_PRESSURE = ["some", "full"]
  .map((kind) => `${kind} avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`)
  .join("");

/** Passed on as it is, so long as it is whole. */
const WHOLE = /^(?:(?:some|full) avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d{1,20}\n){1,2}$/;

function textOf({ pressure }: ContainerView, resource: keyof Pressure): PressureText | undefined {
  const text = pressure?.[resource];
  return text !== undefined && WHOLE.test(text) ? text : undefined;
}

function pressureFile(resource: keyof Pressure): ProcFile {
  return {
    path: `pressure/${resource}`,
    describes: `how long the container's tasks waited for ${resource === "cpu" ? "a CPU" : resource}; triggers are not taken`,
    needs: ["pressure"],
    without: "zeros",
    fields: [
      {
        field: "every line",
        from: { v1: "0, unless a hybrid host has it on v2", v2: `${resource}.pressure` },
      },
    ],
    underived: (view) => (textOf(view, resource) === undefined ? ["every line"] : []),
    render: (view) => textOf(view, resource) ?? NO_PRESSURE,
  };
}
