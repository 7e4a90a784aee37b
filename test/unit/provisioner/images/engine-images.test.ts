import { afterAll, expect, test } from "vitest";
import { EngineImages } from "../../../../provisioner/images/engine-images.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { listenAsEngine } from "../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

interface Asked {
  readonly call: string;
  readonly user: unknown;
  readonly body: string;
}

/** An engine that gives one answer, and what it was asked. */
async function engineAnswering(
  status: number,
  answer: string,
): Promise<{ readonly engine: EngineImages; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const { socket } = await listenAsEngine(cleanup, async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "x-registry-auth": one, "x-registry-config": many } = request.headers;
    const header = [one ?? many].flat()[0];
    const user = header && JSON.parse(Buffer.from(header, "base64url").toString());
    asked.push({ call: `${request.method} ${request.url}`, user, body });
    response.writeHead(status).end(answer);
  });
  const engine = new EngineImages(socket);
  cleanup.add("engine", () => engine.close());
  return { engine, asked };
}

const SIGNAL = new AbortController().signal;
const USER = { username: "u", password: "p" };
const DIGEST = `sha256:${"a".repeat(64)}`;

test("a pull is by digest, and by whom it is said", async () => {
  const { engine, asked } = await engineAnswering(200, '{"status":"Pulling"}\r\n');
  await engine.pull("registry.example:5000/team/app", DIGEST, USER, SIGNAL);
  await engine.pull("debian", DIGEST, undefined, SIGNAL);

  expect(asked).toMatchObject([
    {
      call: expect.stringContaining(
        `fromImage=${encodeURIComponent(`registry.example:5000/team/app@${DIGEST}`)}`,
      ),
      user: USER,
    },
    { user: undefined },
  ]);
});

test("what fails after the engine has said 200 fails all the same", async () => {
  const { engine } = await engineAnswering(200, '{"status":"Pulling"}\r\n{"error":"manifest unknown"}');

  await expect(engine.pull("app", DIGEST, undefined, SIGNAL)).rejects.toThrow(
    `docker pull app@${DIGEST}: manifest unknown`,
  );
  await expect(engine.push("h:1/app:v1", undefined, SIGNAL)).rejects.toThrow(
    "docker push h:1/app:v1: manifest unknown",
  );
});

test("a build sends the context, tells what the engine says, and returns the id", async () => {
  const lines = ['{"stream":"Step 1/1\\n"}', `{"aux":{"ID":"${DIGEST}"}}`, '{"stream":"done\\n"}'];
  const { engine, asked } = await engineAnswering(200, lines.join("\n"));
  const texts: string[] = [];
  const users = [{ host: "registry.example", credentials: USER }];
  const context = (async function* () {
    yield Buffer.from("a tar archive");
  })();
  const options = {
    what: "image web.yaml",
    users,
    signal: SIGNAL,
    onText: (text: string) => void texts.push(text),
  };

  expect(await engine.build(context, options)).toBe(DIGEST);
  expect(texts).toEqual(["Step 1/1\n", "done\n"]);
  expect(asked).toMatchObject([{ user: { "registry.example": USER }, body: "a tar archive" }]);
});

test("a build that fails, or ends without an image", async () => {
  const options = { what: "image web.yaml", users: [], signal: SIGNAL, onText: () => {} };
  const context = async function* (): AsyncGenerator<Uint8Array> {};
  const failing = await engineAnswering(200, '{"error":"The command returned a non-zero code: 1"}');
  const silent = await engineAnswering(200, '{"stream":"Step 1/1"}');

  await expect(failing.engine.build(context(), options)).rejects.toThrow(
    "image web.yaml: The command returned a non-zero code: 1",
  );
  await expect(silent.engine.build(context(), options)).rejects.toThrow("does not say what it has built");
});

test("what a registry knows an image by; nothing where it is not there", async () => {
  const there = await engineAnswering(200, JSON.stringify({ RepoDigests: [`app@${DIGEST}`] }));
  const own = await engineAnswering(200, JSON.stringify({ RepoDigests: null }));
  const absent = await engineAnswering(404, "{}");

  expect(await there.engine.digestsOf("app:v1")).toEqual([`app@${DIGEST}`]);
  expect(await own.engine.digestsOf("app:v1")).toEqual([]);
  expect(await absent.engine.digestsOf("app:v1")).toBeUndefined();
});

test("a name is a repository and a tag", async () => {
  const { engine, asked } = await engineAnswering(201, "");
  await engine.tag(DIGEST, "registry.example:5000/team/app:v1");

  expect(asked[0]?.call).toBe(
    `POST /v1.41/images/${DIGEST}/tag?repo=registry.example%3A5000%2Fteam%2Fapp&tag=v1`,
  );
});

test("what has a name is not removed", async () => {
  const named = await engineAnswering(200, JSON.stringify({ RepoTags: ["app:v1"], RepoDigests: [] }));
  const nameless = await engineAnswering(200, JSON.stringify({ RepoTags: [], RepoDigests: null }));
  for (const { engine } of [named, nameless]) await engine.removeNameless(DIGEST);

  const calls = ({ asked }: typeof named): readonly string[] => asked.map(({ call }) => call);
  expect(calls(named)).toEqual([`GET /v1.41/images/${DIGEST}/json`]);
  expect(calls(nameless).at(-1)).toBe(`DELETE /v1.41/images/${DIGEST}`);
});
