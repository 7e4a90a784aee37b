import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseInUse, readInUse } from "../../../../../provisioner/registry/retention/in-use.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { listenAsEngine } from "../../../../support/engine-socket.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const DIGEST = `sha256:${"a".repeat(64)}`;

test("names without the registry's, and digests", () => {
  const names = [
    "registry.example:5000/team/app:v1",
    "localhost/tool",
    "debian:12",
    "team/app",
    `10.0.0.1:5000/x@${DIGEST}`,
    `y:v2@${DIGEST}`,
    "sha256:123",
    "Not/A Name",
  ];
  const { tags, digests } = parseInUse(names);
  expect([...tags].sort()).toEqual([
    "debian:12",
    "sha256:123",
    "team/app:latest",
    "team/app:v1",
    "tool:latest",
    "y:v2",
  ]);
  expect([...digests]).toEqual([DIGEST]);
});

test("what an engine's containers are made of; one that does not answer is not one without any", async () => {
  const folder = cleanup.temporaryFolder();
  const store = openEmbeddedStore(join(folder, "state.db"));
  cleanup.add("store", () => store.close());
  const socket = join(folder, "docker.sock");
  expect(await readInUse(store, socket)).toEqual({ digests: new Set(), tags: new Set() });

  let isBroken = false;
  const engine = createServer(({ url = "" }, response) => {
    if (isBroken) return response.writeHead(500).end("{}");
    const containers = [
      { Image: "here/app:v1", ImageID: "sha256:1" },
      { Image: "sha256:2", ImageID: "sha256:2" },
    ];
    if (url.includes("/containers/json?all=1")) return response.end(JSON.stringify(containers));
    if (url.includes("sha256:2")) return response.writeHead(404).end("{}");
    return response.end(JSON.stringify({ RepoDigests: [`here/app@${DIGEST}`] }));
  });
  await new Promise<void>((resolve) => engine.listen(socket, resolve));
  cleanup.add("engine", () => void engine.close());
  expect(await readInUse(store, socket)).toEqual({
    digests: new Set([DIGEST]),
    tags: new Set(["here/app:v1"]),
  });
  isBroken = true;
  await expect(readInUse(store, socket)).rejects.toThrow("docker: GET /containers/json");
});

test("a container of which the engine does not say what it is made of, is not one of nothing", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const { socket } = await listenAsEngine(cleanup, (_, response) => void response.end('[{"Id":"a"}]'));

  await expect(readInUse(store, socket)).rejects.toThrow(
    "docker: does not tell what each container is made of",
  );
});
