import { expect, test } from "vitest";
import { byOurClock, type News, parseNews } from "../../../../collector/peers/news.ts";

const NEWS: News = {
  nowMs: 1000,
  machines: [
    { ip: "10.0.0.7", lastSeenMs: 900 },
    {
      ip: "10.0.0.8",
      lastSeenMs: 950,
      about: {
        owner: "o",
        firstSeenMs: 10,
        generations: [
          {
            ...{ generation: 1, container: "a", image: "i", host: "h", startedMs: 20 },
            ended: { atMs: 30, why: "rebuilt" },
          },
          { generation: undefined, container: undefined, image: undefined, host: undefined, startedMs: 30 },
        ],
        ended: { atMs: 40, why: "released" },
      },
    },
  ],
  planned: [{ ip: "10.0.0.9", atMs: 50, untilMs: 2000 }],
};

test("what is told is read as it was", () => {
  expect(parseNews(JSON.stringify(NEWS))).toEqual(NEWS);
});

test("by a clock that is 100 ms ahead of theirs", () => {
  const { nowMs, machines, planned } = byOurClock(NEWS, 1100);
  expect(nowMs).toBe(1100);
  expect(machines[0]).toEqual({ ip: "10.0.0.7", lastSeenMs: 1000, about: undefined });
  expect(machines[1]?.about).toMatchObject({
    ...{ owner: "o", firstSeenMs: 110, ended: { atMs: 140, why: "released" } },
    generations: [{ startedMs: 120, ended: { atMs: 130 } }, { startedMs: 130 }],
  });
  expect(planned).toEqual([{ ip: "10.0.0.9", atMs: 150, untilMs: 2100 }]);
});

test.for([
  "hello",
  "[]",
  "null",
  '{"nowMs":"1","machines":[],"planned":[]}',
  '{"nowMs":1,"machines":{},"planned":[]}',
  '{"nowMs":1,"machines":[{"ip":7,"lastSeenMs":1}],"planned":[]}',
  '{"nowMs":1,"machines":[{"ip":"10.0.0.7","lastSeenMs":1,"about":{}}],"planned":[]}',
  '{"nowMs":1,"machines":[],"planned":[{"ip":"10.0.0.7"}]}',
])("%s is no news", (text) => {
  expect(() => parseNews(text)).toThrow();
});
