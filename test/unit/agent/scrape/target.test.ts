import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { parseScrapes } from "../../../../agent/scrape/options.ts";
import { ScrapeTarget } from "../../../../agent/scrape/target.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";
import { IDENTITY, sampleLines } from "../../../support/source-context.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A target on loopback whose page is what `page` holds. */
async function open(options: Readonly<Record<string, unknown>> = {}) {
  const page = { text: "", status: 200 };
  const server = createServer((_, response) => response.writeHead(page.status).end(page.text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const log = recordLog();
  const who = { labels: IDENTITY };
  const [scrape] = parseScrapes([
    { option: "scrape", value: { job: "shop", url: `http://127.0.0.1:${port}`, ...options } },
  ]);
  if (scrape === undefined) throw new Error("no target");
  const target = new ScrapeTarget({
    options: scrape,
    identity: async () => who.labels,
    log,
    intervalMs: 10_000,
  });
  const lines = async (text: string, nowMs = 1000): Promise<string[]> => {
    page.text = text;
    const series = await target.scrape(nowMs);
    return sampleLines(series.filter(({ name }) => name !== "scrape_duration_seconds")).map((line) =>
      line.replaceAll(`:${port}`, ":PORT"),
    );
  };
  return { target, lines, page, log, who };
}

const REPORT = (up: number, samples: number, added: number, kept = samples) => [
  `scrape_samples_post_metric_relabeling{instance="10.0.0.7:PORT",job="shop"} ${kept}`,
  `scrape_samples_scraped{instance="10.0.0.7:PORT",job="shop"} ${samples}`,
  `scrape_series_added{instance="10.0.0.7:PORT",job="shop"} ${added}`,
  `up{instance="10.0.0.7:PORT",job="shop"} ${up}`,
];

test("each series with job and instance, the machine's address and the port; up and the counts", async () => {
  const { lines } = await open();

  expect(await lines('requests{code="200"} 5\n')).toEqual([
    'requests{code="200",instance="10.0.0.7:PORT",job="shop"} 5',
    ...REPORT(1, 1, 1),
  ]);
  expect(await lines('requests{code="200"} 6\n')).toEqual([
    'requests{code="200",instance="10.0.0.7:PORT",job="shop"} 6',
    ...REPORT(1, 1, 0),
  ]);
});

test("labels of the page that are the target's or the machine's are exported", async () => {
  const { lines } = await open({ labels: { tier: "front" } });

  expect((await lines('a{job="own",instance="x:1",type="t",tier="back",hostname="h",ip="i"} 1\n'))[0]).toBe(
    'a{exported_hostname="h",exported_instance="x:1",exported_ip="i",exported_job="own",exported_tier="back",exported_type="t",instance="10.0.0.7:PORT",job="shop",tier="front"} 1',
  );
});

test("honorLabels keeps the page's, but for those that say which machine it is", async () => {
  const { lines } = await open({ honorLabels: true });

  expect(await lines('a{job="own",instance="x:1",ip="i"} 1\nb{instance="x"} 1\n')).toEqual(
    expect.arrayContaining([
      'a{exported_ip="i",instance="x:1",job="own"} 1',
      'b{exported_instance="x",instance="10.0.0.7:PORT",job="shop"} 1',
    ]),
  );
});

test("a wrong page, an error and a limit are down, and nothing of the page counts; changes are logged", async () => {
  const { lines, page, log } = await open({ sampleLimit: 2 });
  await lines("a 1\n");
  expect(await lines("a 1\nb\n")).toEqual(REPORT(0, 1, 0));
  expect(await lines("a 1\nb 1\nc 1\n")).toEqual(REPORT(0, 3, 0));
  page.status = 500;
  expect(await lines("a 1\n")).toEqual(REPORT(0, 0, 0));
  page.status = 200;
  expect(await lines("a 1\n")).toContain('a{instance="10.0.0.7:PORT",job="shop"} 1');

  expect(log.lines.map(({ message, fields }) => `${message}: ${fields.problem ?? ""}`)).toEqual([
    'target is down: line 2: cannot parse "b"',
    "target is down: more than 2 samples",
    "target is down: HTTP 500",
    "target answers again: ",
  ]);
});

test.each([
  [{ labelLimit: 3 }, "more than 3 labels"],
  [{ labelNameLengthLimit: 8 }, "label name long_name is too long"],
  [{ labelValueLengthLimit: 17 }, "the value of label long_name is too long"],
])("limits of labels: %j", async (limits, problem) => {
  const { lines, log } = await open(limits);

  expect(await lines('a{long_name="a value that is long"} 1\n')).toEqual(REPORT(0, 1, 0, 0));
  expect(log.lines[0]?.fields.problem).toContain(problem);
});

test("a sample's own time is kept, once, and not from the future; ignored where that is asked for", async () => {
  const { target, page } = await open();
  const times = async (text: string, of = target): Promise<unknown[]> => {
    page.text = text;
    return (await of.scrape(1_000_000))
      .filter(({ name }) => name === "a")
      .map(({ samples }) => samples[0]?.timestampMs);
  };
  expect(await times("a 1 999000\n")).toEqual([999_000]);
  expect(await times("a 1 999000\n")).toEqual([]);
  expect(await times("a 1 1700000\n")).toEqual([]);
  expect(await times("a 1\n")).toEqual([1_000_000]);
  const ignoring = await open({ honorTimestamps: false });
  ignoring.page.text = "a 1 999000\n";
  const [first] = await ignoring.target.scrape(1_000_000);
  expect(first?.samples[0]?.timestampMs).toBe(1_000_000);
});

test("another address is another instance", async () => {
  const { lines, who } = await open();
  await lines("a 1\n");
  who.labels = { instance: "fd00::7", ip: "fd00::7" };

  expect((await lines("a 1\n"))[0]).toBe('a{instance="[fd00::7]:PORT",job="shop"} 1');
  who.labels = {};
  expect((await lines("a 1\n"))[0]).toBe('a{instance="127.0.0.1:PORT",job="shop"} 1');
});
