import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { canServeContainers, describeIf, testIf } from "../support/host.ts";
import { leavesNothing } from "../support/leaks.ts";
import {
  READER_PATIENCE_MS,
  serverOf,
  startHeldShim,
  startReader,
  timesServed,
} from "../support/shim-readers.ts";
import { waitFor } from "../support/wait-for.ts";

const KILLS = 200;
const MODES = ["whole", "pieces", "kept", "whole", "pieces", "kept", "whole", "pieces"] as const;

describeIf(...canServeContainers)("readers while their server is killed", () => {
  const cleanup = new Cleanup();
  leavesNothing(cleanup);

  for (const recovery of ["resend", "record"] as const) {
    testIf()(
      `${KILLS} times at random: no error, no torn text, no counter that goes back (${recovery})`,
      async () => {
        const { shim, container } = await startHeldShim(cleanup, "--recovery", recovery);
        const ends = MODES.map((mode) => startReader(cleanup, container, mode));

        for (let kill = 0; kill < KILLS; kill++) {
          await waitFor("the next server", () => timesServed(shim) > kill, READER_PATIENCE_MS);
          await sleep(Math.random() * 200);
          process.kill(serverOf(shim.pid), "SIGKILL");
        }
        await waitFor("the last server", () => timesServed(shim) > KILLS, READER_PATIENCE_MS);
        const results = await Promise.all(ends.map((end) => end()));

        expect(results.flatMap(({ errors }) => errors)).toEqual([]);
        expect(results.flatMap(({ torn }) => torn)).toEqual([]);
        expect(Math.min(...results.map(({ reads }) => reads))).toBeGreaterThan(KILLS);
        expect(Math.max(...results.map(({ longestMs }) => longestMs))).toBeLessThan(READER_PATIENCE_MS);
        if (recovery === "resend") expect(results.some(({ interrupted }) => interrupted > 0)).toBe(false);
      },
      300_000,
    );
  }
});
