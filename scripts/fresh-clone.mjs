/**
 * `npm run test:fresh`: clones HEAD into a new empty folder and runs there what somebody new would:
 * `npm start -- --once`, then `npm test`. Uncommitted work is not part of it. The folder is removed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./prepare.mjs";

const COMMANDS = [
  ["npm", "start", "--", "--once"],
  ["npm", "test"],
];

/** Its own end-to-end test of a fresh clone would only repeat this one. */
const env = { ...process.env, PLIMSOLL_IN_FRESH_CLONE: "1" };

const folder = mkdtempSync(join(tmpdir(), "plimsoll-fresh-"));
const run = (argv, cwd) => {
  console.log(`\n${cwd}$ ${argv.join(" ")}`);
  const startedMs = performance.now();
  const { status } = spawnSync(argv[0], argv.slice(1), { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`exit code ${status} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return status === 0;
};
try {
  const cloned = run(["git", "clone", "--quiet", "--local", ROOT, folder], tmpdir());
  // Both run, whatever the first one says.
  const results = cloned ? COMMANDS.map((argv) => run(argv, folder)) : [false];
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
