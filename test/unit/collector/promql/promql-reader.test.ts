import { expect, test } from "vitest";
import type { PromqlClient, PromqlSeries } from "../../../../collector/promql/promql-client.ts";
import { promqlReader } from "../../../../collector/promql/promql-reader.ts";

const HISTORY = { id: 1, ip: "10.0.0.7", owner: undefined, firstSeenMs: 0, lastSeenMs: 0, generations: [] };
const everything = (...names: readonly string[]) => ({ names, needs: () => true });

/** Answers by what an expression begins with. */
function open(answers: Readonly<Record<string, readonly PromqlSeries[]>>, extent = { fromMs: 0, toMs: 1e6 }) {
  const asked: string[] = [];
  const answer = async (expression: string, range: { fromMs: number; toMs: number }) => {
    asked.push(`${expression} ${range.fromMs}–${range.toMs}`);
    return Object.entries(answers).find(([start]) => expression.startsWith(start))?.[1] ?? [];
  };
  const client: PromqlClient = { atWindows: answer, samples: answer, close: async () => {} };
  const isCounter = (name: string): boolean => name.endsWith("_total");
  return { asked, reader: promqlReader({ client, isCounter, extentOf: () => extent }) };
}

const series = (labels: Record<string, string>, ...values: readonly number[]): PromqlSeries => ({
  labels,
  samples: { times: values.map((_, i) => (i + 1) * 10), values },
});

test("a counter is its increase, a gauge its mean and greatest value; labels of the machine are not the series'", async () => {
  const own = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "a" };
  const { reader, asked } = open({
    increase: [series({ ...own, mode: "idle" }, 5, 6)],
    avg_over_time: [series({ ...own }, 1, 2)],
    max_over_time: [series({ ...own }, 3, 4)],
  });
  const range = { fromMs: 0, toMs: 20, stepMs: 10 };
  expect(await reader.windows(HISTORY, everything("cpu_total", "load"), range)).toEqual([
    {
      series: { name: "cpu_total", labels: { mode: "idle" } },
      windows: { kind: "counter", increase: { times: [10, 20], values: [5, 6] } },
    },
    {
      series: { name: "load", labels: {} },
      windows: {
        ...{ kind: "gauge", mean: { times: [10, 20], values: [1, 2] } },
        max: { times: [10, 20], values: [3, 4] },
      },
    },
  ]);
  expect(asked[0]).toBe(
    'increase({__name__="cpu_total",instance="10.0.0.7"}[10ms]) or ' +
      'increase({__name__="cpu_total",ip="10.0.0.7",instance!="10.0.0.7"}[10ms]) 0–20',
  );
});

test("a machine rebuilt under another host name goes on with its series", async () => {
  const { reader } = open({
    increase: [series({ hostname: "a", mode: "idle" }, 5, 1), series({ hostname: "b", mode: "idle" }, 0, 4)],
  });
  const [only, ...others] = await reader.windows(HISTORY, everything("cpu_total"), {
    fromMs: 0,
    toMs: 20,
    stepMs: 10,
  });
  expect(others).toEqual([]);
  expect(only?.windows).toEqual({ kind: "counter", increase: { times: [10, 20], values: [5, 5] } });
});

test("samples by address, and those of applications on the machine", async () => {
  const { reader, asked } = open({
    '{__name__="up",ip': [series({ __name__: "up", instance: "10.0.0.7:80", ip: "10.0.0.7" }, 1)],
  });
  const wanted = { names: ["up"], needs: ({ labels }: { labels: object }) => "instance" in labels };
  expect(await reader.samples(HISTORY, wanted, { fromMs: 0, toMs: 20 })).toEqual([
    { series: { name: "up", labels: { instance: "10.0.0.7:80" } }, samples: { times: [10], values: [1] } },
  ]);
  expect(asked).toHaveLength(2);
});

test("what others did under the address is not asked for", async () => {
  const { reader, asked } = open({}, { fromMs: 100, toMs: 200 });
  await reader.samples(HISTORY, everything("up"), { fromMs: 0, toMs: 150 });
  await reader.samples(HISTORY, everything("up"), { fromMs: 150, toMs: 500 });
  expect(await reader.samples(HISTORY, everything("up"), { fromMs: 0, toMs: 100 })).toEqual([]);
  expect(await reader.windows(HISTORY, everything("up"), { fromMs: 200, toMs: 300, stepMs: 10 })).toEqual([]);
  expect(asked.map((each) => each.split(" ").at(-1))).toEqual(["100–150", "100–150", "150–200", "150–200"]);
});

test("a name is a text in a matcher, whatever is in it", async () => {
  const { reader, asked } = open({});
  await reader.samples(HISTORY, everything('a"} or {b="c\n'), { fromMs: 0, toMs: 1 });
  expect(asked[0]).toBe('{__name__="a\\"} or {b=\\"c\\n",instance="10.0.0.7"} 0–1');
});
