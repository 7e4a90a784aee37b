import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg } from "node:os";
import { Cleanup } from "../support/cleanup.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";
import { readFigures } from "./process-figures.ts";

/*
 * Whether an agent's memory stays what it is: 10,000 samples, a day and more of them at the usual interval, as fast as
 * the agent takes them, to a receiver that takes each. Between two collections of garbage it may differ by a mebibyte.
 */

const SAMPLES = Number(process.env.PLIMSOLL_BENCH_SAMPLES ?? 10_000);
const STEPS = 10;
const LONGEST_MS = 2 * 3_600_000;
const MIB = 2 ** 20;

const cleanup = new Cleanup();
try {
  let taken = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const isPush = request.method === "POST";
      if (isPush) taken++;
      response.writeHead(isPush ? 204 : 405).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("receiver", () => {
    server.closeAllConnections();
    server.close();
  });
  const push = `remote-write+http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const flags = ["run", "--ip", "10.0.0.7", "--spool", "none", "--interval", "100ms", "--push", push];
  const agent = startProgram(cleanup, programArgv("plimsoll-agent", ...flags));
  console.log("pushes     PSS MiB  anonymous MiB  CPU ms a sample  load");
  let before = { taken: 0, cpuMs: 0 };
  const seen: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    await waitFor("samples", () => taken >= (SAMPLES / STEPS) * step, LONGEST_MS);
    const { proportionalBytes, anonymousBytes, cpuMs } = readFigures(agent.pid);
    const columns = [
      (proportionalBytes / MIB).toFixed(2).padStart(9),
      (anonymousBytes / MIB).toFixed(2).padStart(15),
      ((cpuMs - before.cpuMs) / (taken - before.taken)).toFixed(2).padStart(17),
      (loadavg()[0] ?? 0).toFixed(1).padStart(6),
    ];
    console.log(String(taken).padEnd(9) + columns.join(""));
    before = { taken, cpuMs };
    seen.push(anonymousBytes / MIB);
  }
  const [lowest, highest] = [Math.min(...seen), Math.max(...seen)];
  console.log(`anonymous memory from ${lowest.toFixed(2)} to ${highest.toFixed(2)} MiB`);
} finally {
  await cleanup.run();
}
