import { expect, test } from "vitest";
import { openPeers, parsePeerUrl } from "../../../../collector/peers/peers.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

test("where another collector is", () => {
  expect(parsePeerUrl("--peer", "http://10.0.0.12:9465").origin).toBe("http://10.0.0.12:9465");
  for (const text of ["10.0.0.12:9465", "tcp://h", "http://h/api", "http://h/?x"])
    expect(() => parsePeerUrl("--peer", text)).toThrow(/--peer: .* is not where another collector is/);
});

test("nobody is asked where there is nobody, and whoever is away holds up no end", async () => {
  const parts = { clock: new ManualClock(), log: recordLog() };
  const [inventory, announcements] = [{ learn: () => {} }, { learn: () => {} }];
  const none = openPeers([], { ...parts, inventory, announcements });
  expect(none.peers).toEqual([]);
  await none.close();
  const away = openPeers([new URL("http://127.0.0.1:1")], { ...parts, inventory, announcements });
  expect(away.peers).toMatchObject([{ name: "http://127.0.0.1:1", isConnected: false }]);
  await away.close();
});
