import { malformed, parseLines, parseUnsigned } from "../lines.ts";

/*
 * nr_free_pages 4862077
 * pgpgin 20983207
 *
 * mm/vmstat.c. What it holds differs from kernel to kernel.
 */

/** The lines whose names are wanted. */
export function parseVmstat(
  text: string,
  path = "vmstat",
  isWanted: (name: string) => boolean = () => true,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of parseLines(text, path)) {
    const blank = line.text.indexOf(" ");
    if (blank <= 0) malformed(line);
    const name = line.text.slice(0, blank);
    if (isWanted(name)) values.set(name, parseUnsigned(line.text.slice(blank + 1), line));
  }
  return values;
}
