import { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { type DockerEngine, openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** An engine whose commands say what they were given, in a frame each or as it is. */
async function echoingEngine(): Promise<{ engine: DockerEngine; asked: [url: string, body: string][] }> {
  const asked: [string, string][] = [];
  const { server, socket: path } = await listenAsEngine(cleanup, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push([request.url ?? "", body]);
    response.writeHead(request.url?.endsWith("/exec") ? 201 : 200).end('{"Id":"e1","ExitCode":7}');
  });
  server.on("upgrade", (request, socket, head) => {
    const { Tty } = JSON.parse(head.toString());
    asked.push([request.url ?? "", head.toString()]);
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    let given = "";
    socket.on("data", (chunk) => {
      given += chunk;
    });
    socket.on("end", () => {
      const text = Buffer.from(`given ${given}`);
      const header = Buffer.from([2, 0, 0, 0, 0, 0, 0, text.length]);
      socket.end(Tty ? text : Buffer.concat([header, text]));
    });
  });
  const engine = openDockerEngine(path);
  cleanup.add("engine", () => engine.close());
  return { engine, asked };
}

test("input goes in, and both streams come out", async () => {
  const { engine, asked } = await echoingEngine();
  const frames: string[] = [];
  const code = await engine.interact("c1", {
    ...{ argv: ["cat"], input: Readable.from(["hel", "lo"]) },
    onFrame: ({ stream, bytes }) => void frames.push(`${stream} ${bytes}`),
  });

  expect(code).toBe(7);
  expect(frames).toEqual(["stderr given hello"]);
  expect(asked.map(([url]) => url)).toEqual([
    "/v1.41/containers/c1/exec",
    "/v1.41/exec/e1/start",
    "/v1.41/exec/e1/json",
  ]);
});

test("a terminal has a size and a kind, and one stream as it is", async () => {
  const { engine, asked } = await echoingEngine();
  let written = "";
  await engine.interact("c1", {
    ...{ argv: ["sh"], input: Readable.from(["exit"]) },
    terminal: { kind: "xterm", size: { columns: 80, rows: 24 }, onResize: () => () => {} },
    onFrame: ({ bytes }) => {
      written += bytes;
    },
  });

  expect(written).toBe("given exit");
  expect(asked.map(([url]) => url)).toContain("/v1.41/exec/e1/resize?h=24&w=80");
  expect(JSON.parse(asked[0]?.[1] ?? "")).toMatchObject({ Tty: true, Env: ["TERM=xterm"], Cmd: ["sh"] });
});
