import { ofLast } from "../../core/kernel/once.ts";
import { type CpuinfoBlock, parseCpuinfo } from "../../core/kernel/proc/cpuinfo.ts";
import type { ContainerView, HostText, ProcFile } from "./types.ts";

export const cpuinfo: ProcFile = {
  path: "cpuinfo",
  describes: "the blocks of the container's CPUs, with the host's ids; siblings and cores counted over these",
  needs: [],
  fields: [
    { field: "processor blocks", from: "the host's, of the first ⌈quota⌉ CPUs that its cpuset allows" },
    { field: "siblings, cpu cores", from: "counted over the blocks that are shown" },
    { field: "every other line", from: "the host's, as a process of the reader's personality has it" },
  ],
  render,
};

const parse = ofLast((text: string) => parseCpuinfo(text));

function render(view: ContainerView, host: HostText): string {
  const visible = new Set(view.cpus);
  const { header, blocks, trailer } = parse(host.text("cpuinfo"));
  const kept = blocks.filter(({ processor }) => visible.has(processor));
  return header + renderBlocks(kept) + trailer;
}

/** x86 counts in every block how many threads and cores its package has. */
function renderBlocks(blocks: readonly CpuinfoBlock[]): string {
  const coresByPackage = new Map<string, string[]>();
  for (const { text } of blocks) {
    const cores = coresByPackage.get(field(text, "physical id")) ?? [];
    cores.push(field(text, "core id"));
    coresByPackage.set(field(text, "physical id"), cores);
  }
  return blocks
    .map(({ text }) => renderBlock(text, coresByPackage.get(field(text, "physical id")) ?? []))
    .join("");
}

function renderBlock(text: string, cores: readonly string[]): string {
  return text
    .replace(/^(siblings\t+: )\d+$/m, `$1${cores.length}`)
    .replace(/^(cpu cores\t+: )\d+$/m, `$1${new Set(cores).size}`);
}

function field(text: string, name: string): string {
  return new RegExp(`^${name}\\t+: (.*)$`, "m").exec(text)?.[1] ?? "";
}
