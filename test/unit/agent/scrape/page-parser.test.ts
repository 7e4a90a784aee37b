import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Page, type PageFormat, PageParser } from "../../../../agent/scrape/page-parser.ts";
import { renderExposition } from "../../../../core/metrics/exposition.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";

const open = () => new PageParser((labels) => labels);

function show({ samples }: Page): string[] {
  return samples.map(
    ({ series, value, timestampMs }) =>
      `${series.kind} ${series.name}${JSON.stringify(series.labels)} ${value}${timestampMs === undefined ? "" : ` @${timestampMs}`}`,
  );
}

const parse = (text: string, format: PageFormat = "text") => show(open().parse(text, format));

describe("text 0.0.4", () => {
  test("the format's own example", () => {
    const page = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_count 2693
`;
    expect(parse(page)).toEqual([
      'counter http_requests_total{"method":"post","code":"200"} 1027 @1395066363000',
      'counter http_requests_total{"method":"post","code":"400"} 3 @1395066363000',
      'unknown msdos_file_access_time_seconds{"path":"C:\\\\DIR\\\\FILE.TXT","error":"Cannot find file:\\n\\"FILE.TXT\\""} 1458255915',
      "unknown metric_without_timestamp_and_labels{} 12.47",
      'unknown something_weird{"problem":"division by zero"} Infinity @-3982045',
      'histogram http_request_duration_seconds_bucket{"le":"0.05"} 24054',
      'histogram http_request_duration_seconds_bucket{"le":"+Inf"} 144320',
      "histogram http_request_duration_seconds_sum{} 53423",
      'summary rpc_duration_seconds{"quantile":"0.01"} 3102',
      "summary rpc_duration_seconds_count{} 2693",
    ]);
  });

  test.each([
    ["a{} 1", "unknown a{} 1"],
    ['a { b = "c" , } 1', 'unknown a{"b":"c"} 1'],
    ['a{b="}"} 1', 'unknown a{"b":"}"} 1'],
    ['a{b=""} NaN', "unknown a{} NaN"],
    ["a\t-inf\t5 ", "unknown a{} -Infinity @5"],
    ['a{b="c"}.5', 'unknown a{"b":"c"} 0.5'],
    ['a{b="\\x"} 1', 'unknown a{"b":"\\\\x"} 1'],
    ['a{__proto__="p"} 1', 'unknown a{"__proto__":"p"} 1'],
  ])("%s", (line, sample) => {
    expect(parse(line)).toEqual([sample]);
  });

  test.each([
    ["a", 'line 1: cannot parse "a"'],
    [" a 1", 'line 1: blanks before "a"'],
    ["a5", "line 1: cannot parse"],
    ["ok 1\na 1x\n", 'line 2: "1x" is not a value'],
    ["a 0x1p4", "is not a value"],
    ["a 1 1.5", "cannot parse"],
    ["a 1 2 3", "cannot parse"],
    ["5a 1", "cannot parse"],
    ['{b="c"} 1', "cannot parse"],
    ['a{b="c} 1', "cannot parse"],
    ["a{b=c} 1", "cannot parse"],
    ['a{b="1"c="2"} 1', "cannot parse the labels"],
    ['a{b:c="1"} 1', "cannot parse the labels"],
    ['a{b="1",b="2"} 1', "label b stands twice"],
    ["# TYPE a stateset", 'unknown type "stateset"'],
    ["# TYPE 5 gauge", '"5" is not a metric name'],
  ])("%j is refused", (page, message) => {
    expect(() => parse(page)).toThrow(message);
  });
});

describe("OpenMetrics", () => {
  test("families without _total, seconds, exemplars, other types", () => {
    const page = `# TYPE foo counter
# UNIT bar_seconds seconds
# HELP foo Help with "quotes" and \\n.
foo_total{a="x # {y"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67
foo_created 1520872607.123
# TYPE bar info
bar_info{v="1"} 1
# EOF
`;
    expect(parse(page, "openmetrics")).toEqual([
      'counter foo_total{"a":"x # {y"} 17 @1520879607789',
      "unknown foo_created{} 1520872607.123",
      'unknown bar_info{"v":"1"} 1',
    ]);
  });

  test.each([
    ["a 1\n", "does not end with # EOF"],
    ["a 1\n# EOF\na 2\n", "data after # EOF"],
    ["\n# EOF\n", "cannot parse"],
    ["# anything\n# EOF\n", "is no comment of OpenMetrics"],
    ["a  1\n# EOF\n", "cannot parse"],
    ["# TYPE a untyped\n# EOF\n", "unknown type"],
    ["a 1 NaN\n# EOF\n", "cannot parse"],
  ])("%j is refused", (page, message) => {
    expect(() => parse(page, "openmetrics")).toThrow(message);
  });
});

describe("page after page", () => {
  test("series are kept; what is new is counted, what is gone forgotten", () => {
    const parser = open();
    const first = parser.parse('a{b="1"} 1\nc 2\n', "text");
    const second = parser.parse('a{b="1"} 3\nd 4\n', "text");

    expect([first.added, second.added]).toEqual([2, 1]);
    expect(second.samples[0]?.series).toBe(first.samples[0]?.series);
    expect(parser.parse("c 1\n", "text").added).toBe(1);
    parser.reset();
    expect(parser.parse("c 1\n", "text").added).toBe(1);
  });

  test("of a series that stands twice the first counts, in whatever order its labels are", () => {
    const page = open().parse('a{b="1",c="2"} 1\na{c="2",b="1"} 2\na{b="1",c="2"} 3\n', "text");

    expect(page.total).toBe(3);
    expect(show(page)).toEqual(['unknown a{"b":"1","c":"2"} 1']);
  });

  test("a page that is refused leaves the series of the one before", () => {
    const parser = open();
    parser.parse("a 1\nb 1\n", "text");
    expect(() => parser.parse("a 1\nb\n", "text")).toThrow("line 2");

    expect(parser.parse("a 1\nb 2\n", "text")).toMatchObject({ added: 0, total: 2 });
  });

  test("labels are made once; what makes them may refuse", () => {
    let made = 0;
    const parser = new PageParser((labels, name) => {
      made += 1;
      if (name === "bad") throw new PlimsollError("X", "too bad");
      return { ...labels, job: "j" };
    });
    parser.parse("a 1\n", "text");

    expect(show(parser.parse("a 1\n", "text"))).toEqual(['unknown a{"job":"j"} 1']);
    expect(made).toBe(1);
    expect(() => parser.parse("a 1\nbad 1\n", "text")).toThrow("line 2: too bad");
  });
});

test("what our own renderer writes is read back", () => {
  const labels = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]*$/), fc.string({ minLength: 1 }), {
    maxKeys: 4,
  });
  fc.assert(
    fc.property(labels, fc.double(), (given, value) => {
      const series = { name: "m", kind: "gauge" as const, help: "h", labels: given };
      const [sample] = open().parse(
        renderExposition([{ ...series, samples: [{ timestampMs: 0, value }] }]),
        "text",
      ).samples;

      expect(sample?.series).toMatchObject(series);
      expect(sample?.value).toBe(Object.is(value, -0) ? 0 : value);
    }),
  );
});

test("any text is a page or a PlimsollError", () => {
  const piece = fc.constantFrom(
    "a",
    "{",
    "}",
    '"',
    "b=",
    ",",
    " ",
    "1",
    "\n",
    "#",
    "# TYPE ",
    "# EOF",
    "\\",
    "NaN",
    "e",
  );
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom<PageFormat>("text", "openmetrics"), (pieces, format) => {
      try {
        open().parse(pieces.join(""), format);
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
      }
    }),
  );
});
