import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import { readReplicas, renderReplicas } from "../../../../../provisioner/registry/server/status.ts";
import { ServerDocuments } from "../../../../../provisioner/registry/server/window.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { freePort } from "../../../../support/free-port.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("what each said last, and whether it answers", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const [one, other] = [await freePort(), await freePort()];
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(one, "127.0.0.1", resolve));
  cleanup.add("listener", () => void listener.close());
  const spec = parseServer("file", {
    name: "registry",
    replicas: { a: { address: `127.0.0.1:${one}` }, b: { address: `127.0.0.1:${other}` } },
    storage: { filesystem: { folder: "/srv", shared: true } },
  });
  const documents = new ServerDocuments(store, "registry");
  await documents.writeReplica("a", { state: "read-only", window: "x", sinceMs: 0 });

  const replicas = await readReplicas(spec, documents);
  expect(replicas).toEqual([
    { replica: "a", address: `127.0.0.1:${one}`, state: "read-only", sinceMs: 0, answers: true },
    { replica: "b", address: `127.0.0.1:${other}`, state: "unknown", sinceMs: undefined, answers: false },
  ]);
  expect(renderReplicas(replicas)).toMatch(
    /^a +127\S+ +read-only +1970-01-01T00:00:00.000Z +yes\nb +127\S+ +unknown +- +no\n$/m,
  );
});
