import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { parseRoutes, reserveSubnet } from "../../../../provisioner/container/address.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const routes =
  (...destinations: readonly string[]): Exec =>
  async () => ({ stdout: JSON.stringify(destinations.map((dst) => ({ dst }))), stderr: "", code: 0 });

const newFile = (): string => join(cleanup.temporaryFolder(), "lib", "up.json");

test("takes the first candidate that no route covers, and remembers it", async () => {
  const file = newFile();

  const first = await reserveSubnet(file, routes("default", "10.213.0.0/16", "192.0.2.0/24"));
  const again = await reserveSubnet(file, routes("default"));

  expect(first).toEqual({ gateway: "10.77.213.1", address: "10.77.213.2", prefixLength: 30 });
  expect(again).toEqual(first);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ network: "10.77.213.0" });
});

test("never changes a permanent address: one in use elsewhere is an error that names the file", async () => {
  const file = newFile();
  await reserveSubnet(file, routes());

  await expect(reserveSubnet(file, routes("10.213.77.2"))).rejects.toThrow(/10\.213\.77\.0\/30.*in use/);
});

test("no free candidate is one clear line", async () => {
  const all = routes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16");

  await expect(reserveSubnet(newFile(), all)).rejects.toThrow(/no free network/);
});

test("a damaged reservation is made anew", async () => {
  const file = newFile();
  await reserveSubnet(file, routes());
  writeFileSync(file, "{");

  expect((await reserveSubnet(file, routes())).address).toBe("10.213.77.2");
});

test("the default route covers nothing; a host route covers itself; other words are passed over", () => {
  const json = JSON.stringify([
    { dst: "default" },
    { dst: "0.0.0.0/0" },
    { dst: "10.1.2.3" },
    { dst: "broadcast" },
    {},
  ]);

  expect(parseRoutes(json)).toEqual([{ first: 0x0a010203, last: 0x0a010203 }]);
  expect(parseRoutes("")).toEqual([]);
});
