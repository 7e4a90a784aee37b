import { parseCpuinfo } from "../../core/kernel/proc/cpuinfo.ts";
import type { ContainerView, HostText, ProcFile } from "./types.ts";

export const cpuinfo: ProcFile = {
  path: "cpuinfo",
  describes: "the blocks of the container's CPUs, with the host's ids; the text of a block is the host's",
  needs: [],
  render,
};

function render(view: ContainerView, host: HostText): string {
  const visible = new Set(view.cpus);
  const { header, blocks, trailer } = parseCpuinfo(host.text("cpuinfo"));
  const kept = blocks.filter(({ processor }) => visible.has(processor));
  return header + kept.map(({ text }) => text).join("") + trailer;
}
