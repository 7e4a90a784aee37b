import type { HostRoot } from "../../core/kernel/host-root.ts";
import { readKernelAttribute, readKernelText } from "../../core/kernel/text.ts";
import type { HostText } from "../proc-files/types.ts";

/** Files the kernel makes in one piece, however long: one read(2) is enough. */
const IN_ONE_PIECE: ReadonlySet<string> = new Set(["meminfo", "stat", "uptime", "loadavg"]);

/** The host's files as they are now: each is read when first asked for, and then stays the same for one rendering. */
export function openHostText(root: HostRoot): HostText {
  const known = new Map<string, string>();
  return {
    text: (name) => {
      const text = known.get(name) ?? readHostText(root, name);
      known.set(name, text);
      return text;
    },
  };
}

function readHostText(root: HostRoot, name: string): string {
  const read = IN_ONE_PIECE.has(name) ? readKernelAttribute : readKernelText;
  return read(root.proc(name)) ?? "";
}
