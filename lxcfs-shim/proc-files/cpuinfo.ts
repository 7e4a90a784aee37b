import type { ContainerView, HostText, ProcFile } from "./types.ts";

// processor	: 0
// vendor_id	: GenuineIntel
// …
//
// processor	: 1
// …
//
// One block per online CPU, ended by an empty line (Documentation/filesystems/proc.rst, "cpuinfo").
// arm ends with a block without `processor` that describes the board; s390 has a form of its own, which passes unchanged.

export const cpuinfo: ProcFile = {
  path: "cpuinfo",
  describes: "the blocks of the container's CPUs, with the host's ids; the text of a block is the host's",
  needs: [],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const visible = new Set(view.cpus);
  return host
    .text("cpuinfo")
    .split(/(?<=\n)\n/)
    .filter((block) => {
      const id = /^processor\s*:\s*(\d+)$/m.exec(block)?.[1];
      return id === undefined || visible.has(Number(id));
    })
    .join("\n");
}
