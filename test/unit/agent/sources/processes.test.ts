import { expect, test } from "vitest";
import { processes } from "../../../../agent/sources/processes.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("processes by state, their threads, and how many there may be", async () => {
  expect(sampleLines(await openSource(processes)(tickIn()))).toEqual([
    "node_processes_max_processes 32768",
    "node_processes_max_threads 192730",
    "node_processes_pids 3",
    'node_processes_state{state="R"} 1',
    'node_processes_state{state="S"} 2',
    "node_processes_threads 17",
  ]);
});

test("the biggest by name where that is asked for, and a process that has just ended", async () => {
  const list = async () => ["1", "17", "18", "99999", "self"];
  const lines = sampleLines(await openSource(processes, { top: 1 })(tickIn({}, { list })));

  expect(lines.filter((line) => line.startsWith("plimsoll_"))).toEqual([
    'plimsoll_process_count{name="web worker"} 2',
    'plimsoll_process_cpu_seconds_total{name="web worker"} 8',
    `plimsoll_process_resident_memory_bytes{name="web worker"} ${30_000 * 4096}`,
  ]);
  expect(lines).toContain("node_processes_pids 3");
});
