import { expect, test } from "vitest";
import { statusRoute } from "../../../../collector/routes/status.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { WELL } from "../../../support/collector-status.ts";

test("the status as JSON, where the command looks for it", async () => {
  const route = statusRoute({ read: () => WELL });
  expect([route.method, route.path]).toEqual(["GET", "/api/v1/status"]);
  const { status, text } = await askRoute(route);
  expect([status, JSON.parse(text)]).toEqual([200, WELL]);
});
