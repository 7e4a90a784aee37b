/** `node scripts/lab.mjs [1|2]`: a root shell in the guest of the lab's tests, with that version of cgroups. */
import { join } from "node:path";
import { runnerImport } from "vite";
import { orExit, PrepareError, prepare, ROOT } from "./prepare.mjs";

const VERSIONS = { 1: 1, 2: 2 };

const version = orExit(() => {
  prepare("build");
  const given = VERSIONS[process.argv[2] ?? "2"];
  if (given === undefined)
    throw new PrepareError("usage: node scripts/lab.mjs [1|2] (the version of cgroups)");
  return given;
});
const { module } = await runnerImport(join(ROOT, "test/lab/shell.ts"));
await module.openShell(version);
