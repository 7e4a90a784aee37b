import { malformed, parseLines, parseUnsigned } from "../lines.ts";

/*
 * some avg10=0.10 avg60=0.08 avg300=0.15 total=96041559
 * full avg10=0.10 avg60=0.05 avg300=0.06 total=37688381
 *
 * Documentation/accounting/psi.rst. `total` is microseconds. The CPU has no `full` before Linux 5.13.
 */

export interface StallTimes {
  /** Time in which at least one task waited. */
  readonly someSeconds?: number;
  /** Time in which all tasks did. */
  readonly fullSeconds?: number;
}

const LINE = /^(\w+) .*\btotal=(\d+)$/;

export function parsePressure(text: string, path = "pressure"): StallTimes {
  const seconds = new Map<string, number>();
  for (const line of parseLines(text, path)) {
    const [, kind = "", total] = LINE.exec(line.text) ?? malformed(line);
    seconds.set(kind, parseUnsigned(total, line) / 1e6);
  }
  const [some, full] = [seconds.get("some"), seconds.get("full")];
  return {
    ...(some === undefined ? {} : { someSeconds: some }),
    ...(full === undefined ? {} : { fullSeconds: full }),
  };
}
