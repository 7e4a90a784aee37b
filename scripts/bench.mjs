/** `npm run bench [-- NAME…]`: builds, then runs test/bench/NAME.ts, or each of the list, one after the other. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { orExit, prepare, ROOT } from "./prepare.mjs";

/** The programs to run; the other files of test/bench are parts of theirs. */
const BENCHES = ["fuse-floor", "up"];

orExit(() => prepare("packages", "build"));

const names = process.argv.length > 2 ? process.argv.slice(2) : BENCHES;
for (const name of names) {
  console.log(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, `dist/test/bench/${name}.js`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
