import { expect, test } from "vitest";
import type { Fleet } from "../../../../collector/capacity/fleet.ts";
import { capacityRoute } from "../../../../collector/routes/capacity.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

test("a fleet of which nothing is known yet", async () => {
  const fleet: Fleet = {
    businessLabel: "team",
    members: () => ({ members: [], machines: 3 }),
    *series() {},
    close: async () => {},
  };
  const { text } = await askRoute(capacityRoute(fleet, new ManualClock(Date.UTC(2026, 0, 1))));
  expect(JSON.parse(text)).toEqual({
    ...{ at: "2026-01-01T00:00:00.000Z", by: "team", days: 7, stepSeconds: 900 },
    ...{ machines: 3, surveyed: 0, all: null, groups: [] },
  });
});
