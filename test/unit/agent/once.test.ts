import { expect, test } from "vitest";
import { renderOnce } from "../../../agent/once.ts";
import { readOptions } from "../../../agent/options.ts";

const options = await readOptions({ ip: "10.0.0.7" });

test("prom is a page of this machine's own figures, without identity", async () => {
  const page = await renderOnce(options, "prom");

  expect(page).toMatch(/^node_memory_MemTotal_bytes \d+$/m);
  expect(page).toMatch(/^node_scrape_collector_success\{collector="cpu"\} 1$/m);
  expect(page).not.toContain("10.0.0.7");
});

test("json is the batch that would be pushed", async () => {
  const { identity, series } = JSON.parse(await renderOnce(options, "json"));

  expect(identity).toMatchObject({ instance: "10.0.0.7", ip: "10.0.0.7" });
  expect(series).toContainEqual(expect.objectContaining({ name: "node_load1", kind: "gauge" }));
});

test("another format is refused", async () => {
  await expect(renderOnce(options, "xml")).rejects.toThrow('--format: "xml" is not a format');
});
