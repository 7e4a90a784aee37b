import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  openProvisionerClient,
  parseMachines,
  parsePlacementEvent,
} from "../../../../collector/lifecycle/provisioner-client.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("machines with what was asked for, one without an address, and an event", () => {
  const size = { cpus: 0.5, memoryBytes: 512, diskBytes: 1024 };
  expect(
    parseMachines(
      JSON.stringify([
        { name: "web", ip: "10.0.0.7", ...size },
        { name: "new", ip: null, ...size },
      ]),
    ),
  ).toEqual([
    { name: "web", ip: "10.0.0.7", requested: { cpu: 0.5, memory: 512, disk: 1024 } },
    { name: "new", ip: undefined, requested: { cpu: 0.5, memory: 512, disk: 1024 } },
  ]);
  const line =
    '{"at":"1970-01-01T00:00:01.000Z","host":"h1","kind":"resize","state":"done","name":"web","id":"6f1c","text":null}';
  expect(parsePlacementEvent(line)).toEqual({
    ...{ atMs: 1000, host: "h1", kind: "resize", state: "done", name: "web", text: undefined },
  });
});

test("an answer that is none, and nobody there", async () => {
  const socket = join(cleanup.temporaryFolder(), "provisioner.sock");
  const nobody = openProvisionerClient(socket);
  cleanup.add("client", () => nobody.close());
  await expect(nobody.list()).rejects.toThrow(/ENOENT/);
  const server = createServer((_, response) => void response.writeHead(500).end("no"));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.add("server", () => void server.close());
  const client = openProvisionerClient(socket);
  cleanup.add("client", () => client.close());
  await expect(client.list()).rejects.toThrow("/v1/machines: status 500");
});
