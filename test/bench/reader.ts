import { closeSync, openSync, readSync } from "node:fs";

/*
 * Opens, reads to the end and closes each of the files given, in turn, and prints the quantiles as JSON.
 * Alternating rounds: whatever else the machine does falls on all of them.
 */

const ROUNDS = 20;
const READS_PER_ROUND = 200;
const buffer = Buffer.allocUnsafeSlow(131_072);

export interface ReadQuantiles {
  readonly path: string;
  readonly p50Us: number;
  readonly p99Us: number;
}

function readToEnd(path: string): number {
  const start = process.hrtime.bigint();
  const descriptor = openSync(path, "r");
  while (readSync(descriptor, buffer, 0, buffer.length, null) > 0);
  closeSync(descriptor);
  return Number(process.hrtime.bigint() - start) / 1000;
}

const paths = process.argv.slice(2);
const times = new Map<string, number[]>(paths.map((path) => [path, []]));
for (let round = 0; round < ROUNDS + 1; round++) {
  for (const [path, taken] of times) {
    const these = Array.from({ length: READS_PER_ROUND }, () => readToEnd(path));
    if (round > 0) taken.push(...these); // the first round warms up
  }
}
const quantiles = [...times].map(([path, taken]): ReadQuantiles => {
  taken.sort((a, b) => a - b);
  const at = (share: number): number => taken[Math.floor(share * taken.length)] ?? Number.NaN;
  return { path, p50Us: at(0.5), p99Us: at(0.99) };
});
process.stdout.write(`${JSON.stringify(quantiles)}\n`);
