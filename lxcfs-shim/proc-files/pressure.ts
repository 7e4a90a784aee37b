import type { Pressure, PressureText } from "../../core/kernel/cgroup/stats.ts";
import type { ContainerView, ProcFile } from "./types.ts";

// some avg10=0.00 avg60=0.00 avg300=0.00 total=0
// full avg10=0.00 avg60=0.00 avg300=0.00 total=0
//
// Documentation/accounting/psi.rst. What the kernel writes for a cgroup is what it writes for the machine. Opened for
// writing, to set a trigger, it is EOPNOTSUPP, as where the kernel has no pressure: a trigger is waited for in poll(2),
// and a task that waits for a FUSE server there keeps its machine from being suspended.

const WAITED_FOR: Readonly<Record<keyof Pressure, string>> = {
  cpu: "a CPU",
  io: "io",
  irq: "interrupts to be served",
  memory: "memory",
};

export const cpuPressure: ProcFile = pressureFile("cpu");
export const ioPressure: ProcFile = pressureFile("io");
export const irqPressure: ProcFile = { ...pressureFile("irq"), isOnHost: true };
export const memoryPressure: ProcFile = pressureFile("memory");

/** Passed on as it is, so long as it is whole. */
const WHOLE = /^(?:(?:some|full) avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d{1,20}\n){1,2}$/;

function textOf({ pressure }: ContainerView, resource: keyof Pressure): PressureText | undefined {
  const text = pressure?.[resource];
  return text !== undefined && WHOLE.test(text) ? text : undefined;
}

/** Nobody runs while an interrupt is served: it is always all of them that wait. */
function noPressure(resource: keyof Pressure): string {
  const kinds = resource === "irq" ? ["full"] : ["some", "full"];
  return kinds.map((kind) => `${kind} avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`).join("");
}

function pressureFile(resource: keyof Pressure): ProcFile {
  return {
    path: `pressure/${resource}`,
    mode: 0o666, // as procfs has it, for triggers
    describes: `how long the container's tasks waited for ${WAITED_FOR[resource]}; triggers are not taken (EOPNOTSUPP)`,
    needs: ["pressure"],
    without: "zeros",
    fields: [
      {
        field: "every line",
        from: { v1: "0, unless a hybrid host has it on v2", v2: `${resource}.pressure` },
      },
    ],
    underived: (view) => (textOf(view, resource) === undefined ? ["every line"] : []),
    render: (view) => textOf(view, resource) ?? noPressure(resource),
  };
}
