/**
 * `verifying-reader.mjs FOLDER MEMTOTAL-KIB MODE`: reads the files of FOLDER (a /proc) in turn until its standard input ends,
 * verifies each text, and prints one line of JSON. Plain node, for it runs in a container's namespaces.
 * MODE: `whole` opens, reads and closes; `pieces` does so 61 bytes at a time; `kept` opens once, and reads anew from the start.
 */
import { closeSync, openSync, readSync } from "node:fs";

const [folder, memTotal, mode] = process.argv.slice(2);
const result = { reads: 0, interrupted: 0, longestMs: 0, errors: [], torn: [] };
const buffer = Buffer.alloc(1 << 20);
const kept = new Map();
const latest = new Map();

/** Each returns what is wrong with a text, if anything is. */
const CHECKS = {
  meminfo: (text) => {
    const lines = text.trimEnd().split("\n");
    if (!text.endsWith("\n") || !lines.every((line) => /^[\w()]+: +\d+( kB)?$/.test(line))) return "lines";
    const values = new Map(
      lines.map((line) => [line.split(":")[0], Number(/\d+( kB)?$/.exec(line)[0].split(" ")[0])]),
    );
    if (String(values.get("MemTotal")) !== memTotal) return "MemTotal";
    return ["Active", "Inactive"].find(
      (name) => values.get(name) !== values.get(`${name}(anon)`) + values.get(`${name}(file)`),
    );
  },
  stat: (text) => {
    const lines = text.split("\n");
    const rows = lines
      .filter((line) => /^cpu\d* [\d ]+$/.test(line))
      .map((line) => line.trim().split(/ +/).slice(1).map(Number));
    const [total, ...each] = rows;
    if (!/\nprocs_blocked \d+\nsoftirq [\d ]+\n$/.test(text) || each.length === 0) return "lines";
    if (total.some((value, column) => value !== each.reduce((sum, row) => sum + row[column], 0)))
      return "sum";
    return goesBack("stat", total);
  },
  uptime: (text) =>
    /^\d+\.\d\d \d+\.\d\d\n$/.test(text) ? goesBack("uptime", text.split(" ").map(Number)) : "form",
  loadavg: (text) => (/^\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+\/\d+ \d+\n$/.test(text) ? undefined : "form"),
  cpuinfo: (text) => (/^(processor\t: \d+\n([^\n]+\n)+\n)+$/.test(text) ? undefined : "form"),
  swaps: (text) =>
    /^Filename\t+Type\t+Size\t+Used\t+Priority\n([^\n]+\n)*$/.test(text) ? undefined : "form",
};

function goesBack(name, values) {
  const before = latest.get(name) ?? values;
  latest.set(name, values);
  return values.some((value, index) => value < before[index]) ? `back from ${before} to` : undefined;
}

/** A request that a kernel before 6.9 has lost ends in EINTR, as any system call may. */
function patiently(call) {
  for (;;) {
    const start = performance.now();
    try {
      return call();
    } catch (error) {
      if (error.code !== "EINTR") throw error;
      result.interrupted += 1;
    } finally {
      result.longestMs = Math.max(result.longestMs, performance.now() - start);
    }
  }
}

function readAll(path) {
  const file = kept.get(path) ?? patiently(() => openSync(path, "r"));
  if (mode === "kept") kept.set(path, file);
  const size = mode === "whole" ? 131_072 : 61;
  let length = 0;
  for (;;) {
    const count = patiently(() => readSync(file, buffer, length, size, length));
    if (count === 0) break;
    length += count;
  }
  if (mode !== "kept") closeSync(file);
  return buffer.toString("utf8", 0, length);
}

function readOne(name) {
  try {
    const text = readAll(`${folder}/${name}`);
    const fault = CHECKS[name](text);
    result.reads += 1;
    if (fault !== undefined) result.torn.push(`${name}: ${fault}: ${JSON.stringify(text)}`);
  } catch (error) {
    result.errors.push(`${name}: ${error.message}`);
  }
}

let isEnding = false;
process.stdin.on("end", () => {
  isEnding = true;
});
process.stdin.resume();
while (!isEnding) {
  for (const name of Object.keys(CHECKS)) readOne(name);
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ ...result, errors: result.errors.slice(0, 5), torn: result.torn.slice(0, 5) }));
