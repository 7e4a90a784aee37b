import { expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import {
  observeServices,
  parseService,
  planServices,
  renderService,
  reversibleService,
} from "../../../../provisioner/host/services.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const UNIT = "plimsoll-shim.service";
const shown = (load: string, active: string, file: string): string =>
  `LoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n`;

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
  const found = await observeServices(run, cleanup.temporaryFolder());
  await cleanup.run();

  expect(planServices(found).map(renderService)).toEqual([`start ${UNIT}, now and at every boot`]);
  expect(planServices([{ unit: UNIT, isActive: true, isEnabled: true }])).toEqual([]);
  expect(await observeServices(run, "/nowhere")).toEqual([]);
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
