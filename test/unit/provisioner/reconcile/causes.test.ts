import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import type { Ovs } from "../../../../provisioner/drivers/ovs.ts";
import { changedIds, followEngine, followSwitch } from "../../../../provisioner/reconcile/causes.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("an engine's events are causes, and each time it can be followed again everything is", async () => {
  const streams: ServerResponse[] = [];
  const urls: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/version") return void response.end("{}");
    urls.push(decodeURIComponent(request.url ?? ""));
    response.flushHeaders();
    streams.push(response);
  });
  const socket = join(cleanup.temporaryFolder(), "docker.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("server", () => void server.close());
  const docker = openDockerEngine(socket);
  cleanup.add("engine", () => docker.close());
  const told: string[] = [];
  const watched = {
    poke: (id: string) => void told.push(id),
    pokeAll: async () => void told.push("all"),
  };
  const over = new AbortController();
  const log = recordLog();
  const following = followEngine({ docker, clock: systemClock }, watched, log, over.signal);
  const event = JSON.stringify({
    ...{ Type: "container", Action: "die" },
    Actor: { ID: "4fa6", Attributes: { "io.plimsoll.machine": "6f1c" } },
  });

  await waitFor("the first stream", () => streams.length === 1);
  streams[0]?.write(event.slice(0, 20));
  streams[0]?.end(`${event.slice(20)}\n`);
  await waitFor("the second", () => streams.length === 2);
  await waitFor("all again", () => told.length === 3);
  over.abort();
  await following;

  expect(told).toEqual(["all", "6f1c", "all"]);
  expect(urls[0]).toContain('{"type":["container"],"label":["io.plimsoll.machine"],"event":["start","die"');
});

test("a switch that is there again is cause to look at everything, and what fails then ends nothing", async () => {
  let changed = (): void => {};
  const db = {
    isConnected: true,
    onChange: (listener: () => void) => {
      changed = listener;
      return () => {};
    },
  };
  const ovs = { db, listOurPorts: () => [] } as unknown as Ovs;
  let asked = 0;
  const watched = {
    poke: () => {},
    pokeAll: async () => {
      asked++;
      throw new PlimsollError("STORE", "store: cannot be reached");
    },
  };
  const over = new AbortController();
  const following = followSwitch({ ovs, clock: systemClock }, watched, recordLog(), over.signal);
  for (const times of [1, 2]) {
    for (const isConnected of [false, true]) {
      db.isConnected = isConnected;
      changed();
      await systemClock.sleep(150);
    }
    await waitFor("all", () => asked === times);
  }
  over.abort();

  await following;
});

test("a port that changed or went is cause to look, a new one is not", () => {
  const before = new Map([
    ["a", "1"],
    ["b", "1"],
    ["c", "1"],
  ]);
  const now = new Map([
    ["a", "1"],
    ["b", "2"],
    ["d", "1"],
  ]);

  expect(changedIds(before, now)).toEqual(["b", "c"]);
});
