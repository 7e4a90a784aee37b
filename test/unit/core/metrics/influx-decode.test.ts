import fc from "fast-check";
import { expect, test } from "vitest";
import { renderInfluxLines, renderInfluxPrefix } from "../../../../core/metrics/influx.ts";
import { parseInfluxLines, parsePrecision } from "../../../../core/metrics/influx-decode.ts";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import { batches } from "../../../support/batches.ts";

const NOW_MS = 1_700_000_000_123;
const parse = (text: string, unitMs = 1e-6) => parseInfluxLines(text, { unitMs, nowMs: NOW_MS });

/** Each series as one line, for comparison. */
const shown = (text: string): readonly string[] =>
  parse(text).gathering.series.map(
    ({ name, labels, samples }) =>
      `${name} ${JSON.stringify(labels)} ${samples.map(({ value, timestampMs }) => `${value}@${timestampMs}`)}`,
  );

test("a field is a series; numbers, integers and booleans are values, texts are counted", () => {
  expect(
    shown(
      '# a "comment"\ncpu,host=10.0.0.7,cpu=cpu\\ 0 usage_idle=99.5,count=12i,ok=t,bad=False,u=3u 1700000000123000000\n' +
        "mem value=-1.5e3\r\n",
    ),
  ).toEqual([
    'cpu_usage_idle {"host":"10.0.0.7","cpu":"cpu 0"} 99.5@1700000000123',
    'cpu_count {"host":"10.0.0.7","cpu":"cpu 0"} 12@1700000000123',
    'cpu_ok {"host":"10.0.0.7","cpu":"cpu 0"} 1@1700000000123',
    'cpu_bad {"host":"10.0.0.7","cpu":"cpu 0"} 0@1700000000123',
    'cpu_u {"host":"10.0.0.7","cpu":"cpu 0"} 3@1700000000123',
    "mem {} -1500@1700000000123",
  ]);
  const { gathering, texts } = parse('a,t=x note="one, \\"two\\" =\nthree",n=1 1\nb n=2');
  expect(texts).toBe(1);
  expect(gathering.series.map(({ name }) => name)).toEqual(["a_n", "b_n"]);
});

test("names of another naming become ours", () => {
  expect(shown("disk.io,the-device=sd\\,a,a\\=b=c\\=d 9read=1 0")).toEqual([
    'disk_io_9read {"the_device":"sd,a","a_b":"c=d"} 1@0',
  ]);
});

test.for([
  ["missing fields", "cpu"],
  ["missing fields", "cpu,host=a"],
  ["missing tag value", "cpu,host a=1"],
  ["missing tag value", "cpu,host= a=1"],
  ["missing measurement", ",host=a b=1"],
  ["invalid field", "cpu a"],
  ["invalid field", "cpu a=1x"],
  ["invalid field", "cpu =1"],
  ["bad timestamp", "cpu a=1 soon"],
  ["more than a time after the fields", "cpu a=1 1 1"],
])("rejected, the others kept: %s: %s", ([reason, line]) => {
  const { gathering } = parse(`${line}\ngood value=1\n`);
  expect(gathering.rejected).toEqual({ samples: 1, reason: `unable to parse '${line}': ${reason}` });
  expect(gathering.series).toHaveLength(1);
});

test("precision", () => {
  const units = [null, "", "ns", "u", "us", "ms", "s", "m", "h", "d"].map(parsePrecision);
  expect(units).toEqual([1e-6, 1e-6, 1e-6, 1e-3, 1e-3, 1, 1000, 60_000, 3_600_000, undefined]);
  const at = (text: string, unitMs: number): unknown =>
    parse(`a value=1 ${text}`, unitMs).gathering.series[0]?.samples[0]?.timestampMs;
  expect([at("1700000000123456789", 1e-6), at("1700000000123456", 1e-3), at("1700000000", 1000)]).toEqual([
    1_700_000_000_123, 1_700_000_000_123, 1_700_000_000_000,
  ]);
});

test("what our renderer writes, for any series", () => {
  fc.assert(
    fc.property(batches, (all) => {
      for (const batch of all) {
        const { text, samples } = renderInfluxLines(batch, new LabelCache(renderInfluxPrefix));
        const { gathering } = parse(text, 1);
        expect(gathering.rejected).toBeUndefined();
        expect(gathering.series.reduce((sum, one) => sum + one.samples.length, 0)).toBe(samples);
      }
    }),
    { numRuns: 50 },
  );
});
