import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cleanup } from "../support/cleanup.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { hasCeph, startCeph } from "../support/registry-ceph.ts";
import { BLOB_CASES, type Case, OTHER, REPOSITORY, Wire } from "../support/registry-conformance.ts";
import { MANIFEST_CASES } from "../support/registry-conformance-manifests.ts";
import { declareServer } from "../support/registry-server.ts";

/** What Distribution 2.8 itself does otherwise. */
const OF_DISTRIBUTION: Readonly<Record<string, string>> = {
  "chunked out-of-order": "chunk out of order: 202, not 416", // it reads no Content-Range
  "empty referrers": "referrers: 404, not 200",
  "artifacts-with-subject": "oci-subject: false, not true",
  "index-with-subject": "oci-subject: false, not true",
  "missing-subject": "oci-subject: false, not true",
  "non-distributable-layers": "put manifest: 500, not 201", // unless it is told which URLs may be
  "sparse image": "put manifest: 400, not 201",
  sha512: "put manifest: 400, not 201",
};
/** Nobody can look into what is kept elsewhere. */
const OF_THE_GATE: Readonly<Record<string, string>> = {
  "non-distributable-layers": "put manifest: 400, not 201",
};

/** All that the OCI's conformance suite asks, of Distribution alone and of what stands before it: gate and tokens. */
describeIf(hasCommand("docker-registry"), hasCommand("openssl"))("the conformance suite's questions", () => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());
  let [bare, ours, shared]: Wire[] = [];

  beforeAll(async () => {
    const { url } = await startDockerRegistry(cleanup);
    bare = new Wire([`${url}/v2/`]);
    shared = await replicas();
    const folder = cleanup.temporaryFolder();
    const listen = `127.0.0.1:${await freePort()}`;
    const [users, policy, token] = [
      join(folder, "users"),
      join(folder, "policy.yaml"),
      `http://${listen}/token`,
    ];
    writeFileSync(users, "");
    writeFileSync(policy, "{}");
    const rights = [{ users: "ci", actions: ["pull", "push", "delete"] }];
    const auth = { tokens: { url: token, listen, users, rights } };
    const server = await declareServer(cleanup, ["a"], { auth, policy });
    await server.passwd("ci", "secret");
    const tokens = server.start("tokens");
    await Promise.all([server.up("a"), tokens.waitForLine(/"msg":"ready"/, 30_000)]);
    const scopes = [REPOSITORY, OTHER, "conformance/none"].map(
      (name) => `repository:${name}:pull,push,delete`,
    );
    const query = new URLSearchParams({ service: "registry.test" });
    for (const scope of scopes) query.append("scope", scope);
    const basic = `Basic ${Buffer.from("ci:secret").toString("base64")}`;
    ours = new Wire([`http://${server.hosts.a}/v2/`], async () => {
      const answer = await fetch(`${token}?${query}`, { headers: { authorization: basic } });
      return `Bearer ${((await answer.json()) as { token: string }).token}`;
    });
  });

  async function replicas(more: object = {}): Promise<Wire> {
    const server = await declareServer(cleanup, ["a", "b"], more);
    await Promise.all([server.up("a"), server.up("b")]);
    const bases = Object.values(server.hosts).map((host) => `http://${host}/v2/`);
    return new Wire(bases);
  }
  const outcome = async (ask: Case, wire: Wire | undefined): Promise<string> => {
    if (wire === undefined) throw new Error("no registry");
    return ask(wire).then(
      () => "conforms",
      (error: Error) => error.message,
    );
  };

  test.each(Object.entries({ ...BLOB_CASES, ...MANIFEST_CASES }))("%s", async (name, ask) => {
    const usual = OF_DISTRIBUTION[name] ?? "conforms";
    expect(await outcome(ask, bare)).toBe(usual);
    expect(await outcome(ask, ours)).toBe(OF_THE_GATE[name] ?? usual);
    expect(await outcome(ask, shared)).toBe(usual);
  });

  testIf(...hasCeph)("the same in a bucket, of two replicas in turn", async () => {
    const ceph = await startCeph(cleanup);
    const wire = await replicas({ storage: await ceph.storageIn("conformance") });
    const { image, index, "sparse image": sparse } = MANIFEST_CASES;
    const differs: string[] = [];
    for (const [name, ask] of Object.entries({ ...BLOB_CASES, image, index, "sparse image": sparse })) {
      const is = ask && (await outcome(ask, wire));
      if (is !== (OF_DISTRIBUTION[name] ?? "conforms")) differs.push(`${name}: ${is}`);
    }
    expect(differs).toEqual(["empty: put: 500, not 201"]); // S3 takes no upload without parts
  });
});
