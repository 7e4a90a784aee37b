import { afterAll, expect, test } from "vitest";
import { type Collector, openCollector } from "../../../collector/collector.ts";
import { parseForwardUrl } from "../../../collector/forward-url.ts";
import type { ServeOptions } from "../../../collector/serve-options.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { gauge, push, pushBody } from "../../support/push.ts";
import { recordLog } from "../../support/record-log.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const DEFAULTS = {
  ...{ historyFrom: undefined, businessLabel: "business" },
  ...{
    forwards: [],
    docker: [],
    peers: [],
    provisioner: [],
    data: "none",
    keepMs: 864e5,
    keepCoarseMs: 864e6,
  },
  ...{
    trust: "any" as const,
    tokenFile: undefined,
    staleAfterMs: 60_000,
    clientRate: Number.POSITIVE_INFINITY,
    adminListen: [],
    security: {},
  },
};

async function open(options: Partial<ServeOptions> = {}): Promise<{ url: string; collector: Collector }> {
  const listen = [{ host: "127.0.0.1", port: 0 }];
  const collector = await openCollector({ ...DEFAULTS, listen, ...options }, systemClock, recordLog());
  cleanup.add("collector", () => collector.close());
  return { url: `http://${collector.addresses[0]}`, collector };
}

const text = async (url: string): Promise<string> => (await fetch(url)).text();
const IDENTITY = { instance: "10.0.0.7" };

test("what is pushed comes out by IP, and of metadata pushed apart the page knows", async () => {
  const { url } = await open();
  const pushed = await push(`${url}/api/v1/write`, pushBody(gauge("load1", IDENTITY, 0.5)));
  expect([pushed.status, await pushed.text()]).toEqual([204, ""]);

  expect(await text(`${url}/metrics`)).toContain(
    '# HELP load1 About load1.\n# TYPE load1 gauge\nload1{instance="10.0.0.7"} 0.5\n',
  );
  expect(JSON.parse(await text(`${url}/api/v1/machines/10.0.0.7`))).toMatchObject({
    seriesCount: 1,
    values: [{ name: "load1", value: 0.5 }],
  });
  expect(await text(`${url}/readyz`)).toContain('"ready":true');
  expect(await text(`${url}/healthz`)).toBe("ok\n");
  expect(await text(`${url}/`)).toContain("POST /api/v1/write");
});

test("a refused push says why in one line", async () => {
  const { url } = await open();
  const refused = await push(`${url}/api/v1/write`, pushBody(gauge("load1", { job: "x" })));
  expect(refused.status).toBe(400);
  expect(await refused.text()).toBe('load1{job="x"}: neither label instance nor label ip is an IP address\n');
  expect(await text(`${url}/metrics`)).toContain('requests_total{code="400",ingest="remote-write"} 1');
});

test("one collector hands on to another; what is queued when it is closed still arrives", async () => {
  const second = await open();
  const forward = parseForwardUrl("--forward", `remote-write+${second.url}/api/v1/write`);
  const first = await open({ forwards: [forward] });
  const series = gauge("load1", IDENTITY, 0.25);
  await push(`${first.url}/api/v1/write`, pushBody(series));
  await waitFor("the first sample", async () => (await text(`${second.url}/metrics`)).includes("load1{"));
  await push(`${first.url}/api/v1/write`, pushBody(gauge("load5", IDENTITY, 0.75)));
  await first.collector.close();
  const page = await text(`${second.url}/metrics`);
  expect(page).toContain('load1{instance="10.0.0.7"} 0.25');
  expect(page).toContain("# TYPE load5 gauge");
});

test("a sink that is not there holds up nobody", async () => {
  const forward = parseForwardUrl("--forward", "remote-write+http://127.0.0.1:1/w");
  const { url, collector } = await open({ forwards: [forward] });
  expect((await push(`${url}/api/v1/write`, pushBody(gauge("load1", IDENTITY)))).status).toBe(204);
  await waitFor("a retry", async () =>
    / ?sink_retries_total\{[^}]*\} [1-9]/.test(await text(`${url}/metrics`)),
  );
  expect(await text(`${url}/metrics`)).toContain(`sink_up{sink="${forward.name}"} 0`);
  expect(collector.addresses).toHaveLength(1);
});

test("nothing is left open when it cannot listen", async () => {
  const { collector } = await open();
  const port = Number(collector.addresses[0]?.split(":")[1]);
  const forward = parseForwardUrl("--forward", "remote-write+http://127.0.0.1:1/w");
  await expect(open({ listen: [{ host: "127.0.0.1", port }], forwards: [forward] })).rejects.toThrow(
    "in use",
  );
});

test("with a place of its own for the rest, pushing is all there is elsewhere", async () => {
  const { url, collector } = await open({ adminListen: [{ host: "127.0.0.1", port: 0 }] });
  const admin = `http://${collector.adminAddresses[0]}`;
  expect((await push(`${url}/api/v1/write`, pushBody(gauge("load1", IDENTITY)))).status).toBe(204);
  const statuses = async (path: string): Promise<readonly number[]> =>
    Promise.all([url, admin].map(async (where) => (await fetch(where + path)).status));
  expect(await statuses("/metrics")).toEqual([404, 200]);
  expect(await statuses("/api/v1/machines")).toEqual([404, 200]);
  expect(await statuses("/healthz")).toEqual([200, 200]);
  expect((await push(`${admin}/api/v1/write`, pushBody())).status).toBe(404);
});
