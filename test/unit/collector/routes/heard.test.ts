import { expect, test } from "vitest";
import { heardRoute } from "../../../../collector/routes/heard.ts";
import { askRoute } from "../../../support/ask-route.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const asked: number[] = [];
const inventory = {
  *heardSince(sinceMs: number) {
    asked.push(sinceMs);
    yield { ip: "10.0.0.7", lastSeenMs: 5 };
  },
};
const announcements = {
  *planned() {
    yield { ip: "10.0.0.8", atMs: 1, untilMs: 9 };
  },
};

test("everything, or what is new", async () => {
  const clock = new ManualClock(1000);
  const route = heardRoute({ inventory, announcements, clock });
  const news = { nowMs: 1000, machines: [{ ip: "10.0.0.7", lastSeenMs: 5 }] };
  expect(JSON.parse((await askRoute(route)).text)).toMatchObject(news);
  await askRoute(route, {}, { since: "900" });
  expect(asked).toEqual([0, 900]);
  await expect(askRoute(route, {}, { since: "-1" })).rejects.toThrow("since:");
});
