import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ShimStatus } from "../../../../lxcfs-shim/operate/status.ts";
import {
  openStatusSocket,
  readStatuses,
  statusSocketPath,
} from "../../../../lxcfs-shim/operate/status-socket.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const statusOf = (generation: number) => ({ generation }) as ShimStatus;

test("each who connects hears the status of now; a successor takes the place", async () => {
  const folder = cleanup.temporaryFolder();
  const path = statusSocketPath(53, join(folder, "run"));
  let generation = 1;
  const closeFirst = await openStatusSocket(path, () => statusOf(generation), recordLog());
  cleanup.add("first", closeFirst);
  expect(await readStatuses(join(folder, "run"))).toEqual([{ generation: 1 }]);
  generation = 7;
  expect(await readStatuses(join(folder, "run"))).toEqual([{ generation: 7 }]);

  cleanup.add("second", await openStatusSocket(path, () => statusOf(8), recordLog()));
  expect(await readStatuses(join(folder, "run"))).toEqual([{ generation: 8 }]);
});

test("a socket that was left is removed, one that says nothing sensible is passed over", async () => {
  const folder = cleanup.temporaryFolder();
  writeFileSync(join(folder, "shim-1.sock"), "not a socket");
  writeFileSync(join(folder, "other.sock"), "");
  const babbler = createServer((socket) => socket.end("what?")).listen(join(folder, "shim-2.sock"));
  cleanup.add("babbler", () => void babbler.close());

  expect(await readStatuses(folder)).toEqual([]);
  expect(existsSync(join(folder, "shim-1.sock"))).toBe(false);
  expect(existsSync(join(folder, "shim-2.sock"))).toBe(true);
  expect(await readStatuses(join(folder, "nowhere"))).toEqual([]);
});

test("one that is refused stays while a holder's next server is to listen there", async () => {
  const folder = cleanup.temporaryFolder();
  for (const connection of [4, 5]) writeFileSync(statusSocketPath(connection, folder), "");

  expect(await readStatuses(folder, () => [5])).toEqual([]);
  expect(existsSync(statusSocketPath(4, folder))).toBe(false);
  expect(existsSync(statusSocketPath(5, folder))).toBe(true);
});

test("where there can be none, the log says so and the server goes on", async () => {
  const log = recordLog();
  const close = await openStatusSocket("/proc/shim-1.sock", () => statusOf(1), log);
  close();

  expect(log.lines).toMatchObject([{ level: "warn", message: "no status socket" }]);
});
