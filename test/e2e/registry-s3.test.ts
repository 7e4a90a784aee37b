import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { makeTar } from "../support/make-tar.ts";
import { hasCeph, startCeph } from "../support/registry-ceph.ts";
import { declareServer, pullImage } from "../support/registry-server.ts";
import { waitFor } from "../support/wait-for.ts";

/** Debian's docker-registry over a bucket of Ceph's own gateway, with skopeo as its client. */
describeIf(
  ...hasCeph,
  hasCommand("docker-registry"),
  hasCommand("skopeo"),
)("a registry in a bucket", () => {
  const cleanup = new Cleanup();
  let ceph: Awaited<ReturnType<typeof startCeph>>;
  beforeAll(async () => {
    ceph = await startCeph(cleanup);
  }, 120_000);
  afterAll(() => cleanup.run());

  test("two replicas are one registry, without a folder; one that is killed leaves nothing undone", async () => {
    const server = await declareServer(cleanup, ["a", "b"], { storage: await ceph.storageIn("two") });
    expect((await server.run("gc", "--dry-run")).stdout).toBe("0 blobs to be freed, 0 are needed\n");
    const [first] = [await server.up("a"), await server.up("b")];
    const [a, b] = [server.clientOf("a"), server.clientOf("b")];
    const digest = await a.put("team/app", "v1", 25_000_000); // in three parts
    expect(await b.registry.digestOf("team/app", "v1")).toBe(digest);
    await pullImage(cleanup, server.hosts.b, "team/app:v1");

    const cut = a.put("team/app", "v2", 60_000_000).catch(() => "cut");
    await waitFor("an upload", async () =>
      (await ceph.list("two")).some((key) => key.endsWith("/startedat")),
    );
    await first.stop("SIGKILL");
    expect(await cut).toBe("cut");
    expect(await b.registry.tags("team/app")).toEqual(["v1"]);
    await b.put("team/app", "v2", 60_000_000);
    await server.up("a");
    await pullImage(cleanup, server.hosts.a, "team/app:v2");
  });

  test("garbage goes from the bucket while others push, and what they pushed is whole", async () => {
    const server = await declareServer(cleanup, ["a", "b"], { storage: await ceph.storageIn("garbage") });
    await Promise.all([server.up("a"), server.up("b")]);
    const [a, b] = [server.clientOf("a"), server.clientOf("b")];
    const gone = await a.put("team/app", "gone", 200_000);
    await a.put("team/app", "kept", 1000);
    const hasGone = async (): Promise<boolean> =>
      (await ceph.list("garbage")).some((key) =>
        key.includes(`blobs/sha256/${gone.slice(7, 9)}/${gone.slice(7)}/`),
      );
    expect(await hasGone()).toBe(true);
    await a.registry.removeManifest("team/app", gone);
    expect((await server.run("gc", "--dry-run")).stdout).toBe("3 blobs to be freed, 4 are needed\n");

    const pushed: string[] = [];
    let isOver = false;
    const pushes = [a, b].map(async (client, who) => {
      for (let n = 0; !isOver; n++) {
        const tag = `${who}-${n}`;
        await client.put("team/busy", tag, 5000).then(
          () => pushed.push(tag),
          () => new Promise((resolve) => setTimeout(resolve, 50)), // it is read-only, or starts again
        );
      }
    });
    await waitFor("pushes", () => pushed.length > 4, 30_000);
    const collected = await server.run("gc");
    const during = pushed.length;
    await waitFor("pushes after it", () => pushed.length > during + 4, 30_000);
    isOver = true;
    await Promise.all(pushes);

    expect(collected).toMatchObject({ code: 0, stderr: "" });
    expect(collected.stdout).toMatch(/collecting\n\d+ blobs freed, \d+ are needed\n$/);
    expect(await hasGone()).toBe(false);
    await pullImage(cleanup, server.hosts.a, "team/app:kept");
    for (const tag of (await b.registry.tags("team/busy")).slice(0, 20))
      await pullImage(cleanup, server.hosts.b, `team/busy:${tag}`);
  });

  test("what the rules do not keep, and what is removed by name; an index stays whole", async () => {
    const server = await declareServer(cleanup, ["a"], { storage: await ceph.storageIn("rules") });
    await server.up("a");
    const client = server.clientOf("a");
    for (let n = 1; n <= 4; n++) await client.put("app", `v${n}`, 1000 * n, `2026-01-0${n}T00:00:00Z`);
    const digests = await Promise.all(["v1", "v4"].map((tag) => client.registry.digestOf("app", tag)));
    await client.putIndex("app", "all", digests.map(String));
    const rules = { builds: { registry: "a", tags: "v*", keepLast: 1 } };
    expect((await server.remove(rules, "retain", "--all")).stdout).toMatch(
      /2 tags and 2 manifests removed, 1 kept\n$/,
    );
    expect((await server.run("gc")).stdout).toMatch(/6 blobs freed/);
    for (const tag of ["all", "v1", "v4"]) await pullImage(cleanup, server.hosts.a, `app:${tag}`);

    expect((await server.remove({}, "rm", `${server.hosts.a}/app`, "--all-tags")).stdout).toMatch(
      /3 tags and 3 manifests/,
    );
    expect((await server.run("gc")).stdout).toMatch(/blobs freed, 0 are needed/);
    expect((await ceph.list("rules")).filter((key) => key.includes("/blobs/"))).toEqual([]);
    expect(await server.run("gc", "--untagged", "1d")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("found in a folder only, not in a bucket"),
    });
  });

  test("by TLS to the store; with tokens and a policy, and clients that fetch from the store itself", async () => {
    const folder = cleanup.temporaryFolder();
    const byTls = { endpoint: ceph.tlsEndpoint, caFile: ceph.caFile, region: "default" };
    const plain = await declareServer(cleanup, ["a"], { storage: await ceph.storageIn("tls", byTls) });
    const up = await plain.up("a");
    await plain.clientOf("a").put("plain", "v1", 100_000);
    await pullImage(cleanup, plain.hosts.a, "plain:v1");
    expect(await up.stop()).toBe(0);

    const [listen, users] = [`127.0.0.1:${await freePort()}`, join(folder, "users")];
    writeFileSync(users, "");
    writeFileSync(join(folder, "policy.yaml"), "{}");
    writeFileSync(join(folder, "layer.tar"), makeTar([{ name: "etc/motd", content: "hello" }]));
    const image = `tarball:${join(folder, "layer.tar")}`;
    const rights = [{ users: "ci", repositories: ["team/**"], actions: ["pull", "push"] }];
    const server = await declareServer(cleanup, ["a"], {
      storage: await ceph.storageIn("tls", { ...byTls, redirect: true }),
      auth: { tokens: { url: `http://${listen}/token`, listen, users, rights } },
      policy: join(folder, "policy.yaml"),
    });
    await server.passwd("ci", "secret");
    const tokens = server.start("tokens");
    await Promise.all([server.up("a"), tokens.waitForLine(/"msg":"ready"/, 30_000)]);
    const copy = async (from: string, to: string, creds: string): Promise<string> => {
      const flags = ["--src-tls-verify=false", "--dest-tls-verify=false", creds];
      const { code, stderr } = await exec(["skopeo", "copy", ...flags, from, to], { okCodes: [0, 1] });
      return code === 0 ? "done" : stderr;
    };
    const remote = `docker://${server.hosts.a}`;
    expect(await copy(image, `${remote}/team/app:v1`, "--dest-creds=ci:secret")).toBe("done");
    expect(await copy(image, `${remote}/other/app:v1`, "--dest-creds=ci:secret")).toMatch(/denied/);
    const back = `oci:${cleanup.temporaryFolder()}:x`;
    expect(await copy(`${remote}/team/app:v1`, back, "--src-creds=ci:secret")).toBe("done");
    expect(ceph.gateway.lines.join("\n")).toMatch(/"GET \/tls\/docker\/\S+\/data\?\S+ HTTP\S+" 200 .*skopeo/);
  });

  test("a store that is away for a while is waited for", async () => {
    const server = await declareServer(cleanup, ["a"], { storage: await ceph.storageIn("away") });
    await server.up("a");
    const client = server.clientOf("a");
    const digest = await client.put("app", "v1", 1000);
    await ceph.gateway.stop("SIGKILL");
    await expect(client.put("app", "v2", 1000)).rejects.toThrow();
    expect(await server.run("gc")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: docker-registry/),
    });
    await ceph.startGateway();
    await waitFor(
      "the registry",
      () =>
        client.put("app", "v2", 1000).then(
          () => true,
          () => false,
        ),
      60_000,
    );
    expect(await client.registry.digestOf("app", "v1")).toBe(digest);
    expect((await server.run("gc")).stdout).toMatch(/0 blobs freed/);
  });
});
