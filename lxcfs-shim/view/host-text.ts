import { readKernelAttribute, readKernelText } from "../../core/kernel/text.ts";
import type { HostText } from "../proc-files/types.ts";

/** Files the kernel makes in one piece, however long: one read(2) is enough. */
const IN_ONE_PIECE: ReadonlySet<string> = new Set(["meminfo", "stat", "uptime", "loadavg"]);

/**
 * The host's files as they are now, under what `locate` says (`root.proc`): each is read when first asked
 * for, and then stays the same for one rendering. What is `given` is not read.
 */
export function openHostText(
  locate: (name: string) => string,
  given: Readonly<Record<string, string>> = {},
): HostText {
  const known = new Map<string, string>(Object.entries(given));
  return {
    text: (name) => {
      const read = IN_ONE_PIECE.has(name) ? readKernelAttribute : readKernelText;
      const text = known.get(name) ?? read(locate(name)) ?? "";
      known.set(name, text);
      return text;
    },
  };
}
