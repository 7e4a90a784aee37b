/**
 * A `plimsoll ct …` that is killed, plain node on `dist`; REQUEST is a ChangeRequest as JSON:
 *
 *   node ct-killed.mjs STEP REQUEST
 *
 * Ends with SIGKILL as soon as STEP steps are made: what it did is done, and its journal does not know.
 * Each step is a line, with how long it took, once it is made.
 */
import { writeSync } from "node:fs";
import { withSession } from "../../dist/provisioner/ct/session.js";

const [at, request] = process.argv.slice(2);

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

const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {}, trace: () => {} };
const signal = new AbortController().signal;
const events = { watcher, onWait: () => {}, onResume: () => {} };

await withSession({}, log, signal, events, (operator) =>
  operator.carryOut(JSON.parse(request), watcher, signal),
);
