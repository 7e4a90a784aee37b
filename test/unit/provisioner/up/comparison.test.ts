import { expect, test } from "vitest";
import { compareSides, renderComparison } from "../../../../provisioner/up/comparison.ts";

test("each command is run on both sides; one that is missing says so in its place", async () => {
  const host = async (argv: readonly string[]) => ({ stdout: `host ${argv[0]}\n`, stderr: "", code: 0 });
  const container = async (argv: readonly string[]) => {
    if (argv[0] === "nproc") throw new Error("nproc: command not found");
    return { stdout: `inside ${argv[0]}\n`, stderr: "", code: 0 };
  };

  const rows = await compareSides(host, container);

  expect(rows.map((row) => row.command)).toEqual([
    "free -m",
    "nproc",
    "uptime",
    "cat /proc/loadavg",
    "top -bn1 | head -5",
    "grep -c ^processor /proc/cpuinfo",
  ]);
  expect(rows[0]).toEqual({ command: "free -m", host: "host free", container: "inside free" });
  expect(rows[1]?.container).toBe("(nproc: command not found)");
});

test("the table keeps the lines of each side together and leaves no trailing blanks", () => {
  const table = renderComparison([
    { command: "free -m", host: "head\nMem: 24105  ", container: "head\nMem: 512" },
  ]);

  expect(table.split("\n").slice(1, -1)).toEqual([
    "│         $ │ free -m",
    "│      host │ head",
    "│           │ Mem: 24105",
    "│ container │ head",
    "│           │ Mem: 512",
  ]);
});
