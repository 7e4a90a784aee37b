import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ExecResult } from "../../core/runtime/exec.ts";
import { Registry } from "../../provisioner/registry/client.ts";
import { makeAuthority } from "../support/certificates.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { declareServer, pullImage, type Server } from "../support/registry-server.ts";
import { waitFor } from "../support/wait-for.ts";

/** A registry as `init` makes it and `up` runs it: Debian's docker-registry, with skopeo as its client. */
describeIf(hasCommand("docker-registry"), hasCommand("skopeo"))("plimsoll registry init, up, gc", () => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());

  const declare = (replicas: readonly string[], more: object = {}): Promise<Server> =>
    declareServer(cleanup, replicas, more);
  const pull = (server: Server, replica: string, image: string): Promise<string> =>
    pullImage(cleanup, server.hosts[replica], image);

  test("two replicas are one registry; garbage goes while others push, and what they pushed is whole", async () => {
    const server = await declare(["a", "b"]);
    expect((await server.run("gc", "--dry-run")).stdout).toBe(
      "0 blobs of 0 bytes to be freed, 0 are needed\n",
    );
    const [first] = [await server.up("a"), await server.up("b")];
    const [a, b] = [server.clientOf("a"), server.clientOf("b")];
    const kept = await a.put("team/app", "kept", 1000);
    expect(await b.registry.digestOf("team/app", "kept")).toBe(kept);
    await a.registry.removeManifest("team/app", await a.put("team/app", "gone", 200_000));
    const planned = await server.run("gc", "--dry-run");
    expect(planned.stdout).toMatch(/^3 blobs of 20\d{4} bytes to be freed, 4 are needed\n$/);

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
    await waitFor("pushes", () => pushed.length > 10);
    const collected = await server.run("gc");
    const during = pushed.length;
    await waitFor("pushes after it", () => pushed.length > during + 10, 30_000);
    isOver = true;
    await Promise.all(pushes);

    expect(collected).toMatchObject({ code: 0, stderr: "" });
    expect(collected.stdout).toMatch(/collecting\n\d+ blobs of \d{6,} bytes freed, \d+ are needed\n$/);
    await pull(server, "a", "team/app:kept");
    for (const tag of (await b.registry.tags("team/busy")).slice(0, 60))
      await pull(server, "b", `team/busy:${tag}`);
    expect(await first.stop()).toBe(0);
  });

  test("what a tag was moved away from goes when that is asked for, and takes nothing along", async () => {
    const server = await declare(["a"]);
    await server.up("a");
    const client = server.clientOf("a");
    const old = await client.put("app", "latest", 300_000);
    const images = [await client.put("app", "latest", 1000), await client.put("app", "x", 1000)];
    await client.putIndex("app", "x", images);
    expect((await server.run("gc")).stdout).toMatch(/0 blobs of 0 bytes freed/);
    expect((await server.run("gc", "--untagged", "1h")).stdout).toMatch(/0 blobs of 0 bytes freed/);
    expect((await server.run("gc", "--untagged", "1ms", "--dry-run")).stdout).toMatch(
      /^1 untagged manifests to be removed\n/,
    );
    expect((await server.run("gc", "--untagged", "1ms")).stdout).toMatch(
      /1 untagged manifests removed\n3 blobs of 30\d{4} bytes freed/,
    );
    expect(await client.registry.digestOf("app", old)).toBeUndefined();
    await pull(server, "a", "app:x");
    await pull(server, "a", "app:latest");
  });

  test("a collector that is killed leaves a registry that is written to again; a keeper takes its registry along", async () => {
    const server = await declare(["only"]);
    const up = await server.up("only");
    const client = server.clientOf("only");
    await client.put("app", "v1", 100);
    // It is killed as soon as it has the window: nobody else will say that it is over.
    const gc = server.start("gc");
    await gc.waitForLine(/waiting/, 10_000);
    await gc.stop("SIGKILL");
    await up.waitForLine(/"mode":"read-only"/, 30_000);
    await expect(client.put("app", "v2", 100)).rejects.toThrow();
    await pull(server, "only", "app:v1");
    await waitFor(
      "writable again",
      () => up.lines.filter((line) => /"mode":"writable"/.test(line)).length > 1,
      90_000,
    );
    await client.put("app", "v3", 100);

    const second = await server.run("up");
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/replica only is run by process \d+ \(plimsoll registry up\)/),
    });
    await up.stop("SIGKILL");
    const isGone = (): Promise<boolean> =>
      fetch(`http://${server.hosts.only}/v2/`).then(
        () => false,
        () => true,
      );
    await waitFor("the registry to be gone with its keeper", isGone);
    const again = await server.up("only");
    expect(again.lines.filter((line) => /"mode":"read-only"/.test(line))).toEqual([]); // the window went with its lease
    expect(await again.stop()).toBe(0);
  });

  test("what the rules do not keep goes from the registry, and then from the disk; an index and its images stay whole", async () => {
    const server = await declare(["a"]);
    await server.up("a");
    const client = server.clientOf("a");
    for (let n = 1; n <= 4; n++) await client.put("app", `v${n}`, 100_000 * n, `2026-01-0${n}T00:00:00Z`);
    const digests = await Promise.all(["v1", "v4"].map((tag) => client.registry.digestOf("app", tag)));
    await client.putIndex("app", "all", digests.map(String));
    const rules = { builds: { registry: "a", tags: "v*", keepLast: 1 } };
    const remove = (...args: readonly string[]): Promise<ExecResult> => server.remove(rules, ...args);

    const planned = await remove("retain", "--all", "--dry-run");
    expect(planned.stdout).toMatch(/app:v1 to be removed[\s\S]*3 tags and 2 manifests to be removed\n$/);
    // v1 is in an index that stays, and Distribution 2.8 deletes by digest alone.
    expect((await remove("retain", "--all")).stdout).toMatch(
      /app:v1 kept: its image is needed[\s\S]*2 tags and 2 manifests removed, 1 kept\n$/,
    );
    expect(await client.registry.tags("app")).toEqual(["all", "v1", "v4"]);
    expect((await server.run("gc")).stdout).toMatch(/6 blobs of 50\d{4} bytes freed/);
    for (const tag of ["all", "v1", "v4"]) await pull(server, "a", `app:${tag}`);

    expect((await remove("rm", `${server.hosts.a}/app:all`)).code).toBe(0);
    expect((await remove("rm", `${server.hosts.a}/app`, "--all-tags")).stdout).toMatch(
      /2 tags and 2 manifests/,
    );
    expect((await remove("rm", `${server.hosts.a}/app`, "--all-tags")).code).toBe(3);
    expect((await server.run("gc")).stdout).toMatch(/blobs of \d+ bytes freed, 0 are needed/);
  });

  test("a replica that says nothing stands in the way, until it is said to be off", async () => {
    const server = await declare(["a", "b"]);
    await server.up("a");
    expect((await server.run("gc", "--without", "c")).stderr).toBe(
      "error: replica c: there is no such replica\n",
    );
    expect((await server.run("gc", "--without", "b")).stdout).toMatch(/0 blobs of 0 bytes freed/);
  });

  testIf(hasCommand("openssl"))("TLS, and users of a password file", async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const { cert, key } = await authority.issue("127.0.0.1");
    const passwords = join(cleanup.temporaryFolder(), "passwords");
    // The password is "secret".
    writeFileSync(passwords, "ada:$2b$05$66G1Px63FqATs.oov3kQLOooQ/BvUVY.8UEyTM1JXsY9yhILelI92\n");
    chmodSync(passwords, 0o600);
    const server = await declare(["a"], {
      tls: { certificate: cert, key },
      auth: { htpasswd: { file: passwords } },
    });
    await server.up("a");
    const ask = async (password: string): Promise<readonly string[]> => {
      const credentials = { username: "ada", password };
      const access = { url: `https://${server.hosts.a}`, caFile: authority.cert, credentials };
      const registry = new Registry(access);
      return registry.repositories().finally(() => registry.close());
    };
    expect(await ask("secret")).toEqual([]);
    await expect(ask("wrong")).rejects.toThrow("authentication required");
  });
});
