import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { packageDirectory } from "../../../../core/runtime/version.ts";
import {
  observeServices,
  parseService,
  planServices,
  renderService,
  reversibleService,
  unitsOf,
} from "../../../../provisioner/host/services.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const UNIT = "plimsoll-shim.service";
const shown = (load: string, active: string, file: string): string =>
  `LoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n`;

test.for<readonly [url: string | undefined, units: readonly string[]]>([
  [undefined, []],
  ["http://10.0.0.9:9465", []],
  ["http://10.0.0.1:9465", ["plimsoll-collector.service"]],
  ["http://localhost:9465", ["plimsoll-collector.service"]],
  ["https://[fd00::1]:9465", ["plimsoll-collector.service"]],
])("a collector at %s is this host's to start: %j", ([url, units]) => {
  const collector = url === undefined ? {} : { collector: { url, tokenFile: undefined } };

  expect(unitsOf(collector, ["127.0.0.1", "10.0.0.1", "fd00::1"])).toEqual([UNIT, ...units]);
});

test("the units that the package brings are where init looks for them", () => {
  for (const unit of unitsOf({ collector: { url: "http://localhost:1", tokenFile: undefined } })) {
    const room = unit.includes("shim") ? "lxcfs-shim" : "collector";
    expect(existsSync(join(packageDirectory(), room, "systemd", unit))).toBe(true);
  }
});

test("a unit that is installed, and one that is not", () => {
  expect(parseService(UNIT, shown("loaded", "active", "disabled"))).toEqual({
    unit: UNIT,
    isActive: true,
    isEnabled: false,
  });
  expect(parseService(UNIT, shown("not-found", "inactive", ""))).toBeUndefined();
});

test("what is installed and does not run, or not after a boot, is started", async () => {
  const run: Exec = async (argv) => {
    const stdout =
      argv.at(-1) === UNIT ? shown("loaded", "inactive", "disabled") : shown("not-found", "inactive", "");
    return { stdout, stderr: "", code: 0 };
  };
  const cleanup = new Cleanup();
  const found = await observeServices([UNIT, "plimsoll-collector.service"], run, cleanup.temporaryFolder());
  await cleanup.run();

  expect(planServices(found).map(renderService)).toEqual([`start ${UNIT}, now and at every boot`]);
  expect(planServices([{ unit: UNIT, isActive: true, isEnabled: true }])).toEqual([]);
  expect(await observeServices([UNIT], run, "/nowhere")).toEqual([]);
});

test("started, and left as it was", async () => {
  const seen: string[] = [];
  const run: Exec = async (argv) => {
    seen.push(argv.join(" "));
    return { stdout: "", stderr: "", code: 0 };
  };
  const { make, undo } = reversibleService({ unit: UNIT, isActive: false, isEnabled: false }, run);
  await make();
  await undo();
  await reversibleService({ unit: UNIT, isActive: true, isEnabled: true }, run).undo();

  expect(seen).toEqual(
    [`enable --now ${UNIT}`, `disable ${UNIT}`, `stop ${UNIT}`].map((each) => `systemctl ${each}`),
  );
});
