import { existsSync } from "node:fs";
import { basename, join } from "node:path/posix";
import { expect, test } from "vitest";
import { isTypesOnly, listFiles, ROOT, readText } from "./source-tree.ts";
import { outerRooms } from "./walls.ts";

/** Sources without a test of their own stem, and the test that runs them for real instead. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  "collector/page/capacity-view.ts": "test/e2e/collector-page.test.ts",
  "collector/page/chart.ts": "test/e2e/collector-page.test.ts",
  "collector/page/dom.ts": "test/e2e/collector-page.test.ts",
  "collector/page/list-row.ts": "test/e2e/collector-page.test.ts",
  "collector/page/list-view.ts": "test/e2e/collector-page.test.ts",
  "collector/page/machine-about.ts": "test/e2e/collector-page.test.ts",
  "collector/page/machine-view.ts": "test/e2e/collector-page.test.ts",
  "collector/page/sparkline.ts": "test/e2e/collector-page.test.ts",
  "collector/page/theme.ts": "test/e2e/collector-page.test.ts",
  "collector/page/view.ts": "test/e2e/collector-page.test.ts",
  "core/runtime/log.ts": "test/unit/agent/options.test.ts",
  "core/runtime/logger.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/by-name/serve-named-worker.ts": "test/e2e/shim-by-name.test.ts",
  "lxcfs-shim/attach/commands.ts": "test/e2e/shim-attach.test.ts",
  "lxcfs-shim/attach/run-watch.ts": "test/e2e/shim-attach-docker.test.ts",
  "lxcfs-shim/mount.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/operate/commands.ts": "test/e2e/shim-holder.test.ts",
  "lxcfs-shim/operate/find-shims.ts": "test/e2e/shim-holder.test.ts",
  "lxcfs-shim/operate/upgrade.ts": "test/e2e/shim-holder.test.ts",
  "lxcfs-shim/serve-mount.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/serve-mounts.ts": "test/e2e/shim-by-name.test.ts",
  "lxcfs-shim/serve-native.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/serve-worker.ts": "test/e2e/shim-serve.test.ts",
  "lxcfs-shim/serve.ts": "test/e2e/shim-serve.test.ts",
  "lxcfs-shim/session/in-thread.ts": "test/e2e/shim-engine.test.ts",
  "lxcfs-shim/transport/fuse-native.ts": "test/e2e/shim-engine.test.ts",
  "provisioner/api/routes/inside.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/api/routes/machines.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/api/routes/operations.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/api/routes/status.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/container/docker.ts": "test/e2e/up-docker.test.ts",
  "provisioner/container/mount-point.ts": "test/e2e/sample-container.test.ts",
  "provisioner/container/namespaces.ts": "test/e2e/sample-container.test.ts",
  "provisioner/container/setup-script.ts": "test/e2e/sample-container.test.ts",
  "provisioner/ct/change.ts": "test/e2e/ct-life.test.ts",
  "provisioner/ct/commands.ts": "test/e2e/ct-life.test.ts",
  "provisioner/ct/create.ts": "test/e2e/ct-life.test.ts",
  "provisioner/ct/daemon-operator.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/ct/events-command.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/ct/inside-commands.ts": "test/e2e/ct-life.test.ts",
  "provisioner/ct/online-cpus.ts": "test/e2e/ct-life.test.ts",
  "provisioner/ct/operator.ts": "test/e2e/ct-crash.test.ts",
  "provisioner/ct/session.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/address.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/card-of.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/card.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/container.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/holder.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/lease-of.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/observe.ts": "test/e2e/ct-life.test.ts",
  "provisioner/executors/volume.ts": "test/e2e/ct-life.test.ts",
  "provisioner/fleet/adoption.ts": "test/e2e/fleet.test.ts",
  "provisioner/fleet/announce-again.ts": "test/e2e/fleet.test.ts",
  "provisioner/fleet/member.ts": "test/e2e/fleet.test.ts",
  "provisioner/fleet/session.ts": "test/e2e/fleet.test.ts",
  "provisioner/fleet/silence.ts": "test/e2e/fleet.test.ts",
  "provisioner/host/host.ts": "test/e2e/ct-life.test.ts",
  "provisioner/images/build/build.ts": "test/e2e/image-build.test.ts",
  "provisioner/images/build/command.ts": "test/e2e/image-build.test.ts",
  "provisioner/images/warm/commands.ts": "test/e2e/image-warm.test.ts",
  "provisioner/images/from-docker.ts": "test/e2e/image-check.test.ts",
  "provisioner/reconcile/keeper.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/reconcile/survey.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/reconcile/sweep.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/images/open-image.ts": "test/e2e/image-check.test.ts",
  "provisioner/images/sbom-command.ts": "test/e2e/image-check.test.ts",
  "provisioner/registry/server/commands.ts": "test/e2e/registry-server.test.ts",
  "provisioner/registry/server/replica.ts": "test/e2e/registry-server.test.ts",
  "provisioner/registry/server/running.ts": "test/e2e/registry-server.test.ts",
  "provisioner/registry/tokens/commands.ts": "test/e2e/registry-tokens.test.ts",
  "provisioner/serve/desk.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/serve/serve.ts": "test/e2e/ct-serve.test.ts",
  "provisioner/up/layout.ts": "test/e2e/up.test.ts",
  "provisioner/up/leftovers.ts": "test/e2e/up.test.ts",
  "provisioner/up/up-command.ts": "test/e2e/up.test.ts",
  "provisioner/up/up.ts": "test/e2e/up.test.ts",
};

const sources = outerRooms().flatMap((room) => listFiles(room, ".ts"));
const tests = new Set(listFiles("test/unit", ".test.ts"));

test("every source file has a test of its own stem, at the same place under test/unit", () => {
  const untested = sources
    .filter((file) => !["main.ts", "index.ts"].includes(basename(file)))
    .filter((file) => !tests.has(`test/unit/${file.replace(/\.ts$/, ".test.ts")}`))
    .filter((file) => !(file in TESTED_ELSEWHERE) && !isTypesOnly(file, readText(file)));

  expect(untested).toEqual([]);
});

test("what is said to be tested elsewhere is, and has no test here", () => {
  for (const [file, elsewhere] of Object.entries(TESTED_ELSEWHERE)) {
    expect(sources).toContain(file);
    expect(existsSync(join(ROOT, elsewhere)), elsewhere).toBe(true);
    expect(tests).not.toContain(`test/unit/${file.replace(/\.ts$/, ".test.ts")}`);
  }
});
