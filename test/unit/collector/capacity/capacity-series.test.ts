import { expect, test } from "vitest";
import { capacitySeries } from "../../../../collector/capacity/capacity-series.ts";
import { groupByFamily, renderSample } from "../../../../core/metrics/exposition.ts";

test("a group's figures as metrics; a forecast only where there is one", () => {
  const resource = {
    ...({
      resource: "memory",
      unit: "bytes",
      limit: 20,
      requested: 16,
      unused: 4,
      isWasteful: true,
    } as const),
    ...{ used: { p50: 1, p95: 2, max: 3 }, exhaustedInDays: null, short: 2, shortages: [] },
  };
  const disk = { ...resource, resource: "disk", exhaustedInDays: 2 } as const;
  const series = [...capacitySeries("host", [{ name: "h1", machines: 2, resources: [resource, disk] }], 5)];
  expect(series.filter(({ name }) => name.includes("memory")).map(renderSample)).toEqual(
    [
      'limit_bytes{by="host",group="h1"} 20',
      'requested_bytes{by="host",group="h1"} 16',
      'used_bytes{by="host",group="h1",quantile="0.5"} 1',
      'used_bytes{by="host",group="h1",quantile="0.95"} 2',
      'used_bytes{by="host",group="h1",quantile="1"} 3',
      'unused_bytes{by="host",group="h1"} 4',
      'wasteful{by="host",group="h1"} 1',
      'short_machines{by="host",group="h1"} 2',
    ].map((line) => `plimsoll_capacity_memory_${line}\n`),
  );
  expect(series.map(renderSample)).toContain(
    'plimsoll_capacity_disk_exhausted_seconds{by="host",group="h1"} 172800\n',
  );
  expect([...groupByFamily(series)]).toHaveLength(13);
});
