import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { type Condition, hasCommand, isRoot, testIf } from "../support/host.ts";
import { fetchKernel, type GuestKernel } from "./debian-kernel.ts";
import { type GuestRun, runGuest } from "./guest.ts";
import { type Outcome, parseOutcomes } from "./outcome.ts";

/** End-to-end tests whose subject differs with the kernel's cgroups. */
const FILES = [
  ...["cgroup-reader", "sample-container", "up"],
  ...["shim-attach", "shim-docker", "shim-nested", "shim-options", "shim-pressure"],
  ...["shim-stat", "shim-tools", "shim-view"],
];
/** Those that need the kernel's modules: once is enough. */
const MODULE_FILES = [
  ...["agent-nfs", "ct-lvm", "host-init", "ovs-bond"],
  ...["ovs-kernel", "ovs-network", "volumes-lvm"],
];
/** Of `up`, what goes the whole way once; the rest is about our own processes. */
const TESTS = "^(?!plimsoll up (?!--once --json))";
/** An idle machine is done in some minutes; one that others use as well is given its time. */
const TIMEOUT_MS = 25 * 60_000;
const PATIENCE = 10;
const GUEST_CONFIG = {
  testNamePattern: TESTS,
  reporters: ["./test/support/lab-reporter.ts"],
  pool: "forks",
  maxWorkers: 1,
  fileParallelism: false,
  // Emulation stretches some seconds and not others: what was measured with a clock is measured again.
  retry: 2,
  testTimeout: TIMEOUT_MS,
  hookTimeout: TIMEOUT_MS,
};
const CONSOLE_LINES = 40;
const LOGS = "node_modules/.cache/plimsoll-lab";

const isX64: Condition = {
  reason: "needs an x64 machine: the guest runs its programs",
  met: () => process.arch === "x64",
};
const needs = [
  ...[isRoot, isX64, hasCommand("qemu-system-x86_64"), hasCommand("setpriv")],
  ...[hasCommand("apt-get"), hasCommand("dpkg-deb")],
];

/** Boots a guest, runs the suite in it, and makes each of its tests one of ours. */
export async function describeGuest(cgroupVersion: 1 | 2): Promise<void> {
  const kernel = needs.every((each) => each.met()) ? await fetchKernel().catch(asCondition) : undefined;
  if (kernel === undefined || "reason" in kernel) {
    testIf(...needs, ...(kernel === undefined ? [] : [kernel]))(
      `cgroup v${cgroupVersion} in a guest`,
      () => {},
    );
    return;
  }
  const { run, outcomes } = await runSuite(kernel, cgroupVersion);
  describe(`v${cgroupVersion}`, () => {
    test("the guest boots, runs the suite, and switches itself off", () => {
      expect(run.completed && outcomes.length > 0, lastLines(run.console)).toBe(true);
    });
    for (const outcome of outcomes) testAsInGuest(outcome);
  });
}

function asCondition(cause: unknown): Condition {
  const why = cause instanceof Error ? cause.message : String(cause);
  return { reason: `needs Debian's kernel package: ${why}`, met: () => false };
}

async function runSuite(
  kernel: GuestKernel,
  cgroupVersion: 1 | 2,
): Promise<{ readonly run: GuestRun; readonly outcomes: readonly Outcome[] }> {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());
  const folder = cleanup.temporaryFolder();
  const files = cgroupVersion === 2 ? [...FILES, ...MODULE_FILES] : FILES;
  const include = files.map((name) => `test/e2e/${name}.test.ts`);
  const job = `
export PLIMSOLL_TEST_PATIENCE=${PATIENCE}
config=/run/vitest.config.mjs
echo 'export default ${JSON.stringify({ test: { ...GUEST_CONFIG, include } })}' > $config
node node_modules/vitest/vitest.mjs run --root . --config $config --configLoader native
`;
  const run = await runGuest({ kernel, cgroupVersion, job, folder, timeoutMs: TIMEOUT_MS });
  mkdirSync(LOGS, { recursive: true });
  writeFileSync(join(LOGS, `v${cgroupVersion}.console`), run.console);
  const results = join(folder, "exchange/outcomes");
  const outcomes = existsSync(results) ? parseOutcomes(readFileSync(results, "utf8")) : [];
  const completed = run.completed && existsSync(join(folder, "exchange/completed"));
  return { run: { ...run, completed }, outcomes };
}

function testAsInGuest({ file, name, state, detail }: Outcome): void {
  test(`${file} › ${name}`, (context) => {
    if (state === "skipped") context.skip(`in the guest: ${detail}`);
    if (state === "failed") throw failure(detail);
  });
}

/** With the guest's stack: its folders have the same names. */
function failure(stack: string): Error {
  const error = new Error(stack.split("\n    at ", 1)[0]);
  error.stack = stack;
  return error;
}

function lastLines(text: string): string {
  return `the console's last lines (all of it: ${LOGS}):\n${text.split("\n").slice(-CONSOLE_LINES).join("\n")}`;
}
