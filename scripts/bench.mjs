/** `npm run bench [-- NAME…]`: builds, then runs test/bench/NAME.ts, or all of them, one after the other. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { orExit, prepare, ROOT } from "./prepare.mjs";

orExit(() => prepare("packages", "build"));

const wanted = process.argv.slice(2);
const names = readdirSync(join(ROOT, "test/bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

for (const name of names) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, `dist/test/bench/${name}.js`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
