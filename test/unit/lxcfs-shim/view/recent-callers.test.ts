import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { startProcess } from "../../../../core/runtime/exec.ts";
import type { Identifier } from "../../../../lxcfs-shim/view/identity.ts";
import { openRecentCallers } from "../../../../lxcfs-shim/view/recent-callers.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function countingIdentifier() {
  const asked: number[] = [];
  const identifier: Identifier = {
    identify: (pid) => {
      asked.push(pid);
      return { kind: "host" };
    },
    identifyCgroup: () => ({ kind: "host" as const }),
    isAlive: () => true,
  };
  return { asked, identifier };
}

test("a caller who comes back is known, for as long as the bound says", async () => {
  const clock = new ManualClock();
  const { asked, identifier } = countingIdentifier();
  const callers = openRecentCallers(identifier, { root: openHostRoot(), clock, freshnessMs: 100 });
  const identify = (): unknown => callers.identify(process.pid);

  // The first time nothing is kept of it: most come once. From the second on it is.
  for (let time = 0; time < 5; time++) expect(identify()).toEqual({ kind: "host" });
  expect(asked).toHaveLength(2);
  await clock.advance(100);
  identify();
  identify();
  expect(asked).toHaveLength(3);
});

test("a pid that belongs to another process by now is looked at anew", async () => {
  const { asked, identifier } = countingIdentifier();
  const clock = new ManualClock();
  const callers = openRecentCallers(identifier, { root: openHostRoot(), clock, freshnessMs: 1e9 });
  const child = startProcess(["sleep", "60"], { stdio: "ignore" });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  for (let time = 0; time < 3; time++) callers.identify(pid);
  expect(asked).toHaveLength(2);
  child.kill("SIGKILL");
  await once(child, "exit");
  callers.identify(pid);

  expect(asked).toHaveLength(3);
});

test("one that cannot be looked at is identified each time; so many callers hold so many files", () => {
  const { asked, identifier } = countingIdentifier();
  const host = new FakeHost(cleanup.temporaryFolder());
  const callers = openRecentCallers(identifier, {
    root: host.root,
    clock: new ManualClock(),
    freshnessMs: 100,
  });
  for (let time = 0; time < 3; time++) callers.identify(41);
  for (let pid = 100; pid < 3000; pid++) {
    host.write(`proc/${pid % 50}/comm`, "sh\n");
    callers.identify(pid % 50);
  }

  expect(asked.filter((pid) => pid === 41).length).toBeGreaterThanOrEqual(3);
});
