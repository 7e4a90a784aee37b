/**
 * A `plimsoll ct create` or `destroy` that is killed, plain node on `dist`:
 *
 *   node ct-killed.mjs create NAME STEP IMAGE
 *   node ct-killed.mjs destroy NAME STEP
 *
 * Ends with SIGKILL as soon as STEP steps are made: what it did is done, and its journal does not know.
 * Each step is a line, with how long it took, once it is made.
 */
import { writeSync } from "node:fs";
import { planDestruction } from "../../dist/provisioner/ct/change.js";
import { createMachines, planCreation } from "../../dist/provisioner/ct/create.js";
import { withSession } from "../../dist/provisioner/ct/session.js";

const [kind, name, at, image] = process.argv.slice(2);

let made = 0;
let begunMs = 0;
const watcher = {
  begin: () => {
    begunMs = performance.now();
  },
  done: (step) => {
    writeSync(1, `${step.kind} ${(performance.now() - begunMs).toFixed(1)} ms\n`);
    if (++made === Number(at)) process.kill(process.pid, "SIGKILL");
  },
};

const spec = {
  ...{ name, image, command: [], network: "front", attach: "internal", type: "container", labels: {} },
  ...{ cpus: 0.5, memoryBytes: 96 << 20, disk: { bytes: 32 << 20, fileSystem: "ext4" }, address: undefined },
};
const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, trace: () => {} };
const events = { watcher, onWait: () => {}, onResume: () => {} };

await withSession({}, log, new AbortController().signal, events, async (session) => {
  if (kind === "create") {
    await createMachines(session, await planCreation(session.host, [spec]), "together");
  } else {
    const change = await planDestruction(session.host, name);
    await session.run(await session.journal.begin("destroy", "apart", [change]));
  }
});
