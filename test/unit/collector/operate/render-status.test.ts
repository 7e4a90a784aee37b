import { expect, test } from "vitest";
import { renderStatus } from "../../../../collector/operate/render-status.ts";
import { WELL } from "../../../support/collector-status.ts";

test("a line for each thing", () => {
  expect(renderStatus(WELL)).toBe(`collector     1.2.3, pid 7, up 2 h
machines      3 known: 2 reporting, 1 silent; 450 series
pushes        0.3 a second, 45 samples; 90 since the start
refused       none
sink          remote-write+http://p/w: takes samples; 1 s behind, 1 KiB waiting; 13000 delivered, 0 refused, 0 dropped
store         /data, 3.0 MiB; dead letters 0 KiB
last problem  none
`);
});

test("what is wrong is said where it is", () => {
  const [sink] = WELL.sinks;
  const text = renderStatus({
    ...WELL,
    sinks: sink === undefined ? [] : [{ ...sink, failingSeconds: 300, reason: "HTTP 503" }],
    store: WELL.store && { ...WELL.store, quarantinedBlocks: 2, failedWrites: 1 },
    followed: [{ name: "/run/docker.sock", isConnected: false }],
    pushes: { ...WELL.pushes, refused: { "too large": 4 } },
    lastProblem: { at: "2026-01-01T00:00:00.000Z", text: "no room" },
  });
  expect(text).toContain("FAILING for 5 min: HTTP 503;");
  expect(text).toContain("; 2 DAMAGED blocks set aside; 1 writes FAILED\n");
  expect(text).toContain("follows       /run/docker.sock: no answer\n");
  expect(text).toContain("refused       4 too large\n");
  expect(text).toContain("last problem  2026-01-01T00:00:00.000Z no room\n");
  expect(renderStatus({ ...WELL, store: null })).toContain("store         none, everything is in memory\n");
});
