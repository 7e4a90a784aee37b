import { afterAll, expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";
import { openReader } from "../../../collector/open-reader.ts";
import { parsePromqlUrl } from "../../../collector/promql/promql-url.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const data = await openTestData(new ManualClock());
afterAll(() => data.close());

test("nobody keeps history, or somebody else does", async () => {
  expect(await openReader(undefined, data, new Catalog())).toBeUndefined();
  const reader = await openReader(parsePromqlUrl("", "prometheus+http://127.0.0.1:1"), data, new Catalog());
  data.inventory.observe("10.0.0.7", undefined);
  const history = data.inventory.current("10.0.0.7");
  const wanted = { names: ["up"], needs: () => true };
  if (history === undefined) throw new Error("no history");
  await expect(reader?.samples(history, wanted, { fromMs: 0, toMs: 1 })).rejects.toThrow(
    /^history of prometheus\+http:\/\/127.0.0.1:1: /,
  );
  await reader?.close();
});
