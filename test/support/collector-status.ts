import type { CollectorStatus } from "../../collector/status/status.ts";

/** What a collector says that is well and has one sink. */
export const WELL: CollectorStatus = {
  ...{ version: "1.2.3", pid: 7, since: "2026-01-01T00:00:00.000Z", uptimeSeconds: 7300, series: 450 },
  machines: { known: 3, states: { reporting: 2, silent: 1 } },
  pushes: { perSecond: 0.3, samplesPerSecond: 45, taken: 90, samples: 13_500, refused: {} },
  sinks: [
    {
      ...{
        name: "remote-write+http://p/w",
        failingSeconds: null,
        reason: null,
        lagSeconds: 1,
        queueBytes: 900,
      },
      ...{ delivered: 13_000, refused: 0, retries: 0, dropped: 0 },
    },
  ],
  store: { directory: "/data", bytes: 3 * 2 ** 20, samples: 13_500, quarantinedBlocks: 0, failedWrites: 0 },
  deadLetterBytes: 0,
  followed: [],
  lastProblem: null,
};
