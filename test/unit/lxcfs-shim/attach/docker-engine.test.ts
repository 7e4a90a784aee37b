import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { errorLine } from "../../../../core/runtime/errors.ts";
import { type ContainerStart, openDockerEngine } from "../../../../lxcfs-shim/attach/docker-engine.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const START = { Type: "container", Action: "start", Actor: { ID: "abc", Attributes: { name: "web" } } };
const EVENT = `${JSON.stringify({ ...START, timeNano: 1_700_000_000_123_000_000 })}\n`;

const ANSWERS: Readonly<Record<string, string>> = {
  "/v1.41/containers/json": JSON.stringify([
    { Id: "0123456789abcdef", Names: ["/web"] },
    { Id: "fedcba9876543210", Names: null },
    { Names: ["/nobody"] },
  ]),
  "/v1.41/containers/web/json": '{"State":{"Pid":4217}}',
  "/v1.41/containers/stopped/json": '{"State":{"Pid":0}}',
  "/v1.41/containers/nothing/json": "{}",
  "/v1.41/containers/odd/json": "<html>Sign in</html>",
};

async function startEngine(): Promise<{ readonly path: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const { socket } = await listenAsEngine(cleanup, ({ url = "" }, response) => {
    asked.push(decodeURIComponent(url));
    if (url.startsWith("/v1.41/events")) {
      response.write(EVENT.slice(0, 20)); // in two pieces, and the connection breaks in the third
      setTimeout(() => response.write(`${EVENT.slice(20)}{"Action":"start"}\n${EVENT.slice(0, 9)}`), 10);
      setTimeout(() => response.destroy(), 30);
      return;
    }
    const answer = ANSWERS[url];
    if (answer !== undefined) return void response.end(answer);
    if (url === "/v1.41/containers/secret/json") {
      response.statusCode = 403;
      return void response.end("<html>Forbidden</html>");
    }
    response.statusCode = 404;
    response.end('{"message":"No such container: nobody"}');
  });
  return { path: socket, asked };
}

test("those that run, and the first process of one", async () => {
  const docker = openDockerEngine((await startEngine()).path);

  expect(await docker.running()).toEqual([
    { id: "0123456789abcdef", name: "web" },
    { id: "fedcba9876543210", name: "fedcba987654" },
  ]);
  expect(await docker.initPid("web")).toBe(4217);
  await expect(docker.initPid("stopped")).rejects.toThrow("docker: container stopped does not run");
  await expect(docker.initPid("nothing")).rejects.toThrow("docker: container nothing does not run");
  await expect(docker.initPid("nobody")).rejects.toThrow(
    expect.objectContaining({ code: "NOT_FOUND", message: "docker: No such container: nobody" }),
  );
});

test("what is no engine's answer is told as that", async () => {
  const docker = openDockerEngine((await startEngine()).path);

  expect(await docker.initPid("secret").catch(errorLine)).toBe("docker: status 403");
  expect(await docker.initPid("odd").catch(errorLine)).toBe(
    'docker: "<html>Sign in</html>" is not the answer of an engine',
  );
});

test("starts, in whatever pieces they come, and the end of the connection as an error", async () => {
  const { path, asked } = await startEngine();
  const seen: ContainerStart[] = [];
  const follow = async (): Promise<void> => {
    for await (const start of openDockerEngine(path).starts(1_700_000_000_000, new AbortController().signal))
      seen.push(start);
  };

  await expect(follow()).rejects.toThrow("aborted");
  expect(seen).toEqual([{ id: "abc", name: "web", atMs: 1_700_000_000_123 }]);
  expect(asked).toEqual([
    '/v1.41/events?since=1700000000.000&filters={"type":["container"],"event":["start"]}',
  ]);
});

test("no engine", async () => {
  const docker = openDockerEngine(join(cleanup.temporaryFolder(), "none.sock"));

  await expect(docker.running()).rejects.toThrow(/^docker: no engine answers at .*none\.sock$/);
});

test("an engine that takes requests and answers none is given up", async () => {
  const path = join(cleanup.temporaryFolder(), "hangs.sock");
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.add("engine", () => void server.close());
  const starts = openDockerEngine(path).starts(0, AbortSignal.timeout(50));

  const problem = await starts[Symbol.asyncIterator]().next().catch(errorLine);
  expect(problem).toBe(`docker: no engine answers at ${path}: it takes too long`);
});

test("an engine elsewhere is none of this host's", async () => {
  await expect(openDockerEngine("tcp://127.0.0.1:2375").running()).rejects.toThrow(
    'docker: "tcp://127.0.0.1:2375" is not the socket of a local engine',
  );
});
