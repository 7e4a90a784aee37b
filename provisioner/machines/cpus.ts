import { bug } from "../../core/runtime/errors.ts";

/** `0-2,5` → 0, 1, 2, 5 (cpuset(7), "List format"). */
export function parseCpuset(text: string): readonly number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      if (!Number.isInteger(first) || !Number.isInteger(last)) return bug(`CPU list ${JSON.stringify(text)}`);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** The shortest way to write it, as the kernel does. */
export function renderCpuset(cpus: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const cpu of [...cpus].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && cpu === run.last + 1) run.last = cpu;
    else runs.push({ first: cpu, last: cpu });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/**
 * The CPUs that a machine may run on: as many as its share comes to, so that its programs count them
 * right, and those that the fewest others were given. `given` has a list for each other machine.
 */
export function chooseCpuset(online: readonly number[], given: readonly string[], cpus: number): string {
  const load = new Map(online.map((cpu) => [cpu, 0]));
  for (const cpu of given.flatMap(parseCpuset)) load.set(cpu, (load.get(cpu) ?? 0) + 1);
  const byLoad = [...online].sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b);
  return renderCpuset(byLoad.slice(0, Math.ceil(cpus)));
}
