import { afterAll, expect, test } from "vitest";
import {
  openDockerEngine,
  parseContainers,
  parseEvent,
} from "../../../../collector/lifecycle/docker-engine.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const EVENT = {
  Type: "container",
  Action: "die",
  Actor: { ID: "abc", Attributes: { exitCode: "137", name: "web" } },
  timeNano: 1_700_000_000_123_456_800,
};

test("a container's address is its label's, else the first that Docker gave it", () => {
  const networks = (...addresses: string[]) => ({
    Networks: Object.fromEntries(addresses.map((IPAddress, i) => [`n${i}`, { IPAddress }])),
  });
  const one = { Id: "0123456789abcdef", Names: ["/web"], Image: "debian:12", State: "running" };
  const list = [
    { ...one, NetworkSettings: networks("", "172.17.0.2") },
    {
      ...one,
      Labels: { "plimsoll.ip": "10.0.0.7" },
      NetworkSettings: networks("172.17.0.2"),
      State: "exited",
    },
    { Id: "0123456789abcdef", Names: null, Labels: null },
    { Names: ["/without-an-id"] },
  ];
  const base = { id: "0123456789abcdef", name: "web", image: "debian:12" };
  expect(parseContainers(JSON.stringify(list))).toEqual([
    { ...base, ip: "172.17.0.2", isRunning: true },
    { ...base, ip: "10.0.0.7", isRunning: false },
    { id: base.id, name: "0123456789ab", image: "", ip: undefined, isRunning: false },
  ]);
});

test("events of containers, and nothing else", () => {
  expect(parseEvent(JSON.stringify(EVENT))).toEqual({
    ...{ id: "abc", action: "die", atMs: 1_700_000_000_123.4568 },
    attributes: { exitCode: "137", name: "web" },
  });
  expect(parseEvent("")).toBeUndefined();
  expect(parseEvent(JSON.stringify({ ...EVENT, Type: "network" }))).toBeUndefined();
});

test("over the socket: the list, the stream in whatever pieces it comes, and a refusal", async () => {
  const asked: string[] = [];
  const { server, socket } = await listenAsEngine(cleanup, (request, response) => {
    asked.push(request.url ?? "");
    if (request.url?.includes("/containers/json")) return void response.end("[]");
    const text = `${JSON.stringify(EVENT)}\n${JSON.stringify({ ...EVENT, Action: "destroy" })}\n`;
    response.write(text.slice(0, 50));
    setTimeout(() => response.end(text.slice(50)), 20);
  });
  const engine = openDockerEngine(socket);
  expect(await engine.list()).toEqual([]);
  const actions: string[] = [];
  for await (const { action } of engine.events(1_700_000_000_500, new AbortController().signal))
    actions.push(action);
  expect(actions).toEqual(["die", "destroy"]);
  expect(asked[1]).toBe(
    "/v1.41/events?since=1700000000.500&filters=%7B%22type%22%3A%5B%22container%22%5D%7D",
  );
  server.close();
  server.closeAllConnections();
  await expect(engine.list()).rejects.toThrow();
  await engine.close();
});
