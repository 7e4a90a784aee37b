import { expect, test } from "vitest";
import { cpu } from "../../../../agent/sources/cpu.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("seconds per mode of each row of /proc/stat, by the row's own number", async () => {
  const lines = sampleLines(await openSource(cpu)(tickIn()));

  expect(lines).toContain('node_cpu_seconds_total{cpu="0",mode="user"} 24');
  expect(lines).toContain('node_cpu_seconds_total{cpu="3",mode="idle"} 82.5');
  expect(lines).toContain('node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.02');
  expect(lines.filter((line) => line.startsWith("node_cpu_seconds_total"))).toHaveLength(16);
});

async function idleOf(rows: readonly string[]): Promise<(string | undefined)[]> {
  const ask = openSource(cpu);
  const idle: (string | undefined)[] = [];
  for (const row of rows) {
    const lines = sampleLines(await ask(tickIn({ "/proc/stat": `cpu  0 0 0 0\n${row}\n` })));
    idle.push(lines.find((line) => line.includes('mode="idle"'))?.split(" ")[1]);
  }
  return idle;
}

test("a counter that the kernel takes back a little stands still until it is caught up", async () => {
  expect(await idleOf(["cpu0 0 0 0 1000", "cpu0 0 0 0 990", "cpu0 0 0 0 1010"])).toEqual([
    "10",
    "10",
    "10.1",
  ]);
});

test("a CPU that came back starts again, and one that is gone is forgotten", async () => {
  expect(await idleOf(["cpu0 0 0 0 1000", "cpu0 0 0 0 100"])).toEqual(["10", "1"]);
  expect(await idleOf(["cpu0 0 0 0 1000", "cpu1 0 0 0 5", "cpu0 0 0 0 900"])).toEqual(["10", "0.05", "9"]);
});

test("a row that cannot be read fails the source, naming the line", async () => {
  await expect(openSource(cpu)(tickIn({ "/proc/stat": "cpu  x\n" }))).rejects.toThrow("/proc/stat:1");
});
