import { afterAll, expect, test } from "vitest";
import { type DockerEngine, openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** An engine on a unix socket that answers everything the same, and what it was asked. */
async function engineAnswering(
  status: number,
  answer: string | Buffer,
): Promise<{ readonly engine: DockerEngine; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const { socket } = await listenAsEngine(cleanup, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push({ method: request.method ?? "", url: request.url ?? "", body });
    response.writeHead(status).end(answer);
  });
  const engine = openDockerEngine(socket);
  cleanup.add("engine", () => engine.close());
  return { engine, asked };
}

test("an image's name and tag go apart, a digest stays whole", async () => {
  const { engine, asked } = await engineAnswering(200, "{}\n");

  await engine.pullImage("debian:12-slim");
  await engine.pullImage("registry.example:5000/team/app");
  await engine.pullImage("debian@sha256:abc");

  expect(asked.map(({ url }) => url.split("?")[1])).toEqual([
    "fromImage=debian&tag=12-slim",
    "fromImage=registry.example%3A5000%2Fteam%2Fapp&tag=latest",
    "fromImage=debian%40sha256%3Aabc",
  ]);
});

test("a pull answers 200 and fails in its text all the same", async () => {
  const { engine } = await engineAnswering(200, '{"status":"Pulling"}\n{"error":"no such manifest"}\n');

  await expect(engine.pullImage("x:1")).rejects.toThrow("docker pull x:1: no such manifest");
});

test("an error is the engine's own words", async () => {
  const { engine } = await engineAnswering(409, '{"message":"name is in use"}');

  await expect(engine.createContainer("a", {})).rejects.toThrow(
    "docker: POST /containers/create: name is in use",
  );
});

test("what is gone already is fine to stop and to remove", async () => {
  const { engine } = await engineAnswering(404, '{"message":"no such container"}');

  await engine.stopContainer("a", 1);
  expect(await engine.removeContainer("a")).toBe(false);
  expect(await engine.hasImage("a")).toBe(false);
});

test("what has no id cannot be asked for, and labels may be none", async () => {
  const { engine } = await engineAnswering(
    200,
    '[{"Id":"a","State":"running","Labels":null},{"State":"dead"}]',
  );

  expect(await engine.listContainers("l")).toEqual([{ id: "a", isRunning: true, labels: {} }]);
});

test("a container that the engine tells nothing of does not run", async () => {
  const { engine } = await engineAnswering(200, '{"Id":"a","State":null}');

  expect(await engine.initPid("a")).toBe(0);
  expect(await engine.memoryInUse("a")).toBe(0);
});

test("the last line of a log is taken out of its frames", async () => {
  const frame = (text: string): Buffer => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const { engine } = await engineAnswering(200, Buffer.concat([frame("one\n"), frame("two ü\n")]));

  expect(await engine.lastLogLine("a")).toBe("two ü");
});

test("no engine at the socket is one clear line with what to do", async () => {
  const engine = openDockerEngine("/nowhere/docker.sock");
  cleanup.add("engine", () => engine.close());

  await expect(engine.hasImage("a")).rejects.toMatchObject({
    message: "docker: no engine answers at /nowhere/docker.sock",
    hint: expect.stringContaining("DOCKER_HOST"),
  });
});
