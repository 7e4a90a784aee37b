import { isUsed } from "./diskstats.ts";
import type { ContainerView, HostText, ProcFile } from "./types.ts";

// major minor  #blocks  name
//
//  254        0  268435456 vda

export const partitions: ProcFile = {
  path: "partitions",
  describes: "the disks that diskstats shows, at the size the host gives them",
  needs: ["io"],
  without: "empty",
  fields: [{ field: "every line", from: "the host's, of the disks in diskstats" }],
  render,
};

const HEAD = "major minor  #blocks  name\n\n";

function render(view: ContainerView, host: HostText): string {
  const used = new Set((view.io ?? []).filter(isUsed).map(({ major, minor }) => `${major}:${minor}`));
  const lines = host.text("partitions").split("\n");
  return HEAD + lines.map((line) => (used.has(deviceOf(line)) ? `${line}\n` : "")).join("");
}

function deviceOf(line: string): string {
  const [, major = "", minor = ""] = /^\s*(\d+)\s+(\d+)\s/.exec(line) ?? [];
  return `${major}:${minor}`;
}
