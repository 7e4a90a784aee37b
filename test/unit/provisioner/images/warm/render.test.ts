import { expect, test } from "vitest";
import type { WarmReport } from "../../../../../provisioner/images/warm/documents.ts";
import { renderOutcome, renderPlan, renderProgress } from "../../../../../provisioner/images/warm/render.ts";

const REPORT: WarmReport = {
  ...{
    host: "h1",
    rule: "base",
    round: "1",
    wanted: 3,
    pulled: 1,
    missing: ["app:v2"],
    failed: ["app:v3: no route"],
  },
  ...{ startedMs: 1, endedMs: 2, currentMs: 0 },
};
const IMAGES = ["v1", "v2", "v3"].map((tag) => ({
  image: `app:${tag}`,
  from: "r/app",
  digest: `sha256:${"a".repeat(64)}`,
}));

test("progress, and what became of each host", () => {
  const hosts = [
    { host: "h1", state: "ended", report: REPORT },
    { host: "h2", state: "lost", report: undefined },
    { host: "h3", state: "unfinished", report: undefined },
  ] as const;

  expect(renderProgress(REPORT)).toBe("base: h1: 2 of 3, 1 pulled, 1 failed\n");
  expect(
    renderOutcome({
      rule: "base",
      images: IMAGES,
      refused: [{ image: "app:v4", reasons: ["big", "old"] }],
      hosts,
    }),
  ).toBe(
    [
      "base: app:v4 is not pulled, refused by the policy: big; old",
      "base: h1: failed: app:v3: no route",
      "base: h1: 2 of 3 there, 1 pulled",
      "base: h2 is lost: its daemon does not report",
      "base: h3 goes on by itself",
      "",
    ].join("\n"),
  );
});

test("what would be pulled where", () => {
  const hosts = [{ host: "h1", missing: ["app:v2"] }];

  expect(renderPlan({ rule: "base", images: IMAGES, refused: [], hosts })).toBe(
    "base: h1 would pull app:v2 (sha256:aaaaaaaaaaaa)\nbase: h1: 2 of 3 there\n",
  );
});
