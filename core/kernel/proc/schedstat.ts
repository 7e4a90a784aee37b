import { type Line, parseFields, parseLines, parseUnsigned } from "../lines.ts";

/*
 * version 17
 * timestamp 4295892272
 * cpu0 0 0 0 0 0 0 2451268393 311462345 8613
 * domain0 MC 3 …
 *
 * Documentation/scheduler/sched-stats.rst. The last three of a CPU are nanoseconds run, nanoseconds waited, and
 * time slices; other lines are skipped.
 */

export interface SchedstatCpu {
  readonly cpu: number;
  readonly runningSeconds: number;
  readonly waitingSeconds: number;
  readonly timeslices: number;
}

export function parseSchedstat(text: string, path = "schedstat"): readonly SchedstatCpu[] {
  return parseLines(text, path)
    .filter((line) => /^cpu\d/.test(line.text))
    .map(parseCpu);
}

function parseCpu(line: Line): SchedstatCpu {
  const fields = parseFields(line.text);
  const at = (index: number): number => parseUnsigned(fields[index], line);
  return {
    cpu: parseUnsigned(fields[0]?.slice("cpu".length), line),
    runningSeconds: at(7) / 1e9,
    waitingSeconds: at(8) / 1e9,
    timeslices: at(9),
  };
}
