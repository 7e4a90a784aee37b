import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openCgroupReader } from "../../../../core/kernel/cgroup/open-reader.ts";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { readPidStat } from "../../../../core/kernel/proc/pid-stat.ts";
import { PROC_FILES } from "../../../../lxcfs-shim/proc-files/index.ts";
import type { ContainerView } from "../../../../lxcfs-shim/proc-files/types.ts";
import { readContainer } from "../../../../lxcfs-shim/view/container.ts";
import { openContainerViews } from "../../../../lxcfs-shim/view/container-view.ts";
import { openHostText } from "../../../../lxcfs-shim/view/host-text.ts";
import { openLoadAverages } from "../../../../lxcfs-shim/view/load-averages.ts";
import { openCensus } from "../../../../lxcfs-shim/view/task-census.ts";
import { anyView, hostText } from "../../../support/container-view.ts";
import { expectGolden } from "../../../support/golden.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const HOSTS = join(import.meta.dirname, "../../../fixtures/hosts");

/** Each fixture's container by its first process (README.md there). */
const INITS: Readonly<Record<string, number>> = {
  arm64: 1204,
  "many-cpu": 70112,
  "v1-hybrid": 16647,
  "v2-nested-limits": 1490,
  "v2-no-psi": 811,
  "v2-systemd": 2801,
};

function viewOfFixture(name: string): ContainerView {
  const root = openHostRoot(join(HOSTS, name));
  const pid = INITS[name] ?? 0;
  const startTicks = readPidStat(root, pid)?.startTicks ?? Number.NaN;
  const container = readContainer(root, name, { pid, startTicks });
  if (container === undefined) throw new Error(`${name} has no process ${pid}`);
  const reader = openCgroupReader(root);
  const loads = openLoadAverages({ census: openCensus(root, reader), clock: new ManualClock() });
  return openContainerViews({ root, reader, loads }).open(container, openHostText(root.proc));
}

test("every fixture host has a container", () => {
  const folders = readdirSync(HOSTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(INITS));
});

describe.for(Object.keys(INITS))("on %s", (name) => {
  test.for(PROC_FILES)("$path", (file) => {
    const root = openHostRoot(join(HOSTS, name));

    expectGolden(
      `proc-files/${name}/${file.path}`,
      file.render(viewOfFixture(name), openHostText(root.proc)),
    );
  });
});

test("every file says what it is in one line", () => {
  for (const { describes } of PROC_FILES) expect(describes).toMatch(/^[^\n]{20,}[^.\n]$/);
});

test("whatever the view: no NaN, no negative number, no infinity, and every line ended", () => {
  const root = openHostRoot(join(HOSTS, "v2-systemd"));
  const host = openHostText(root.proc);
  fc.assert(
    fc.property(anyView, fc.constantFrom(...PROC_FILES), (view, file) => {
      const text = file.render(view, host);

      expect(text).not.toMatch(/NaN|Infinity|undefined| -[013-9]/);
      expect(text).toMatch(/^$|\n$/);
    }),
  );
});

test("a host whose files are empty gives short files, not errors", () => {
  const host = hostText({});
  fc.assert(
    fc.property(anyView, fc.constantFrom(...PROC_FILES), (view, file) => {
      expect(file.render(view, host)).not.toMatch(/NaN|undefined/);
    }),
  );
});
