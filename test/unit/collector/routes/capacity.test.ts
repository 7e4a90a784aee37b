import { expect, test } from "vitest";
import { capacityRoute } from "../../../../collector/routes/capacity.ts";
import { askRoute } from "../../../support/ask-route.ts";

test("a fleet of which nothing is known yet, by whatever it is asked for", async () => {
  const asked: string[] = [];
  const route = capacityRoute({
    businessLabel: "team",
    capacity: (by) => {
      asked.push(by);
      return { atMs: Date.UTC(2026, 0, 1), machines: 3, surveyed: 0, all: null, groups: [] };
    },
  });
  expect(JSON.parse((await askRoute(route)).text)).toEqual({
    ...{ at: "2026-01-01T00:00:00.000Z", by: "team", days: 7, stepSeconds: 900 },
    ...{ machines: 3, surveyed: 0, all: null, groups: [] },
  });
  await askRoute(route, {}, { by: "host" });
  expect(asked).toEqual(["team", "host"]);
});
