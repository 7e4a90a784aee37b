import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseServer } from "../../../../../provisioner/registry/server/declaration.ts";
import {
  readServerStatus,
  renderReplicas,
  renderServerMetrics,
} from "../../../../../provisioner/registry/server/status.ts";
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

  const { replicas } = await readServerStatus(spec, documents);
  expect(replicas).toEqual([
    { replica: "a", address: `127.0.0.1:${one}`, state: "read-only", sinceMs: 0, answers: true },
    { replica: "b", address: `127.0.0.1:${other}`, state: "unknown", sinceMs: undefined, answers: false },
  ]);
  expect(renderReplicas(replicas)).toMatch(
    /^a +127\S+ +read-only +1970-01-01T00:00:00.000Z +yes\nb +127\S+ +unknown +- +no\n$/m,
  );
});

test("a replica that serves and takes nothing for want of a policy says so", () => {
  const replica = { replica: "a", address: "h:1", state: "writable", sinceMs: 0, answers: true } as const;
  const troubled = { ...replica, problem: "configuration /p.yaml: cannot be read: ENOENT" };
  expect(renderReplicas([troubled])).toMatch(
    /^a: nothing can be pushed: configuration \/p\.yaml: cannot be read: ENOENT\n$/m,
  );
  const metric = (status: typeof replica): string =>
    renderServerMetrics({ replicas: [status], collected: undefined });
  expect(metric(troubled)).toContain('plimsoll_registry_replica_policy_problem{replica="a"} 1\n');
  expect(metric(replica)).toContain('plimsoll_registry_replica_policy_problem{replica="a"} 0\n');
});

test("metrics: what each said last, whether it answers, and what was collected", () => {
  const replica = { replica: "a", address: "h:1", state: "read-only", sinceMs: 0, answers: true } as const;
  expect(renderServerMetrics(undefined)).toBe("");
  const none = renderServerMetrics({ replicas: [replica], collected: undefined });
  expect(none).toContain('plimsoll_registry_replica_state{replica="a",state="read-only"} 1\n');
  expect(none).toContain('plimsoll_registry_replica_state{replica="a",state="writable"} 0\n');
  expect(none).toContain('plimsoll_registry_replica_answers{replica="a"} 1\n');
  expect(none).not.toContain("gc_");
  const collected = { endedMs: 90_500, marked: 40, blobs: 3, bytes: 91, untagged: 2 };
  const page = renderServerMetrics({ replicas: [replica], collected });
  for (const line of [
    "last_run_end_seconds 90.5",
    "needed_blobs 40",
    "freed_blobs 3",
    "freed_bytes 91",
    "removed_manifests 2",
  ])
    expect(page).toContain(`plimsoll_registry_gc_${line}\n`);
  expect(renderServerMetrics({ replicas: [], collected: { ...collected, bytes: undefined } })).not.toContain(
    "freed_bytes",
  );
});
