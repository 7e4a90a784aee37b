/**
 * `npm test [-- lint|unit|e2e] [vitest arguments]`: its own set-up, then every check as a test, so
 * that all of them end in one closing line: `N passed, N failed, N skipped`.
 */
import { spawn } from "node:child_process";
import { installDebianPackages, orExit, prepare, progress, ROOT } from "./prepare.mjs";

const SUITES = ["lint", "unit", "e2e"];

/** Programs the tests run; a test that misses one is skipped and says so. */
const PACKAGES = [
  { command: "ip", package: "iproute2", why: "network namespaces and veth pairs of sample containers" },
  { command: "free", package: "procps", why: "free, top and uptime read inside a container" },
  { command: "nsenter", package: "util-linux", why: "namespaces" },
  { command: "python3", package: "python3", why: "os.cpu_count() and reads with odd sizes" },
  { command: "strace", package: "strace", why: "the agent starts no other program" },
  {
    command: "etcd",
    package: "etcd-server",
    services: ["etcd.service"],
    why: "the store that many hosts share",
  },
  {
    command: "prometheus",
    package: "prometheus",
    services: ["prometheus.service"],
    why: "samples pushed and queried back by IP",
  },
  {
    command: "dockerd",
    package: "docker.io",
    services: ["docker.service", "docker.socket"],
    why: "a container of an engine of the test's own",
  },
  { command: "curl", package: "curl", why: "that engine's image" },
];

/** A run that ended before its tests had counted themselves is one failure. */
let counted = false;
process.on("exit", () => {
  if (!counted) console.log("0 passed, 1 failed, 0 skipped");
});

orExit(() => prepare("packages"));
for (const { command, why } of installDebianPackages(PACKAGES)) progress(`no ${command}, for ${why}`);

const args = process.argv.slice(2);
const suite = SUITES.includes(args[0]) ? ["--project", args.shift()] : [];
const vitest = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...suite, ...args], {
  cwd: ROOT,
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
// The closing-line reporter says when it has counted.
vitest.on("message", () => {
  counted = true;
});
// A terminal sends Ctrl-C to vitest as well; wait for it to clean up and to have the last word.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => vitest.kill("SIGTERM"));
vitest.on("close", (code) => {
  process.exitCode = code ?? 1;
});
