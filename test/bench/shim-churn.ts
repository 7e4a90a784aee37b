import { readdirSync, statSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { Cleanup } from "../support/cleanup.ts";
import { openCrowd } from "./crowd.ts";
import { cpuMicroseconds, isServer, residentMiB, startOurs } from "./shim-targets.ts";

/*
 * Ten containers a second, each with a pid namespace and a cgroup of its own, that read every file twice and end: the server is
 * to have the memory it had after the first minute. PLIMSOLL_BENCH_MINUTES says for how long; an hour is what was asked for.
 */

const MINUTES = Number(process.env.PLIMSOLL_BENCH_MINUTES ?? 5);
const PER_SECOND = 10;
const MINUTE_SECONDS = 60;
/** The server's notebook: two files, of which one is written while the other is what it was copied from. */
const BOOKS = [4, 5];

const cleanup = new Cleanup();
try {
  await bench();
} finally {
  await cleanup.run();
}

async function bench(): Promise<void> {
  const churn = await openCrowd(cleanup);
  const ours = await startOurs(cleanup);
  if (!isServer(ours)) return;
  console.log("minute  containers   resident MiB   files   noted KiB   CPU s   p99 ms   load");
  let first: number | undefined;
  for (let minute = 1; minute <= MINUTES; minute++) {
    const before = cpuMicroseconds(ours.pid);
    const count = PER_SECOND * MINUTE_SECONDS;
    const { errors, p99Us } = await churn("churn", dirname(ours.folder), count, MINUTE_SECONDS);
    const resident = Number(residentMiB(ours.pid));
    first ??= resident;
    const columns = [
      `${minute * count}`.padStart(10),
      `${resident.toFixed(1)} ${(resident / first).toFixed(3)}`.padStart(13),
      `${readdirSync(`/proc/${ours.pid}/fd`).length}`.padStart(6),
      (notedBytes(ours.pid) / 1024).toFixed(0).padStart(10),
      ((cpuMicroseconds(ours.pid) - before) / 1e6).toFixed(2).padStart(6),
      (p99Us / 1000).toFixed(1).padStart(7),
      loadavg()[0]?.toFixed(1).padStart(5),
    ];
    console.log(
      `${`${minute}`.padStart(6)}  ${columns.join("  ")}${errors > 0 ? `   ${errors} errors` : ""}`,
    );
  }
}

function notedBytes(server: number): number {
  return Math.max(...BOOKS.map((file) => statSync(`/proc/${server}/fd/${file}`).size));
}
