import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { digestOf } from "../../provisioner/registry/digest-check.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { makeTar } from "../support/make-tar.ts";
import { programArgv, startProgram } from "../support/run-program.ts";

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const ABSENT = `sha256:${"0".repeat(64)}`;

/** What the OCI distribution specification says of what our gate and our token server stand in the way of. */
describeIf(hasCommand("docker-registry"), hasCommand("openssl"))(
  "a registry behind our gate and tokens",
  () => {
    const cleanup = new Cleanup();
    afterAll(() => cleanup.run());
    let base = "";
    let tokens = "";
    const layer = makeTar([{ name: "etc/motd", content: "hello" }]);
    const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: IMAGE,
        config: describe("application/vnd.oci.image.config.v1+json", config),
        layers: [describe("application/vnd.oci.image.layer.v1.tar", layer)],
      }),
    );

    function describe(mediaType: string, bytes: Buffer): object {
      return { mediaType, digest: digestOf(bytes), size: bytes.length };
    }

    beforeAll(async () => {
      const folder = cleanup.temporaryFolder();
      const [host, listen] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
      [base, tokens] = [`http://${host}/v2/`, `http://${listen}/token`];
      mkdirSync(join(folder, "data"));
      writeFileSync(join(folder, "policy.yaml"), "setuid: []\n");
      const rights = [{ users: "ci", actions: ["pull", "push", "delete", "catalog"] }];
      const declaration = {
        name: "registry.test",
        folder: join(folder, "registry"),
        replicas: { a: { address: host } },
        storage: { filesystem: { folder: join(folder, "data") } },
        auth: { tokens: { url: tokens, listen, users: join(folder, "users"), rights } },
        policy: join(folder, "policy.yaml"),
      };
      const server = join(folder, "server.yaml");
      writeFileSync(server, JSON.stringify(declaration));
      const plimsoll = (...args: readonly string[]): readonly string[] =>
        programArgv("plimsoll", "registry", ...args, "--server", server);
      await exec(plimsoll("passwd", "ci"), { input: "secret\n" });
      await exec(plimsoll("init"));
      const up = startProgram(cleanup, plimsoll("up", "--store", join(folder, "state.db")));
      const given = startProgram(cleanup, plimsoll("tokens"));
      await Promise.all([
        up.waitForLine(/"msg":"serves"/, 30_000),
        given.waitForLine(/"msg":"ready"/, 30_000),
      ]);
      for (const blob of [layer, config]) expect((await push("app", blob)).status).toBe(201);
      expect((await put("app", "v1", manifest)).status).toBe(201);
    });

    async function ask(
      method: string,
      path: string,
      options: { scope?: string; body?: Uint8Array | string; headers?: Record<string, string> } = {},
    ): Promise<Response> {
      const { scope, body, headers } = options;
      const authorization = scope === undefined ? {} : { authorization: `Bearer ${await tokenFor(scope)}` };
      const url = path.startsWith("http") ? path : new URL(path, base);
      return fetch(url, {
        method,
        headers: { ...headers, ...authorization },
        ...(body === undefined ? {} : { body }),
      });
    }
    async function tokenFor(scope: string): Promise<string> {
      const query = new URLSearchParams({ service: "registry.test" });
      for (const each of scope.split(" ")) query.append("scope", each);
      const basic = Buffer.from("ci:secret").toString("base64");
      const answer = await fetch(`${tokens}?${query}`, { headers: { authorization: `Basic ${basic}` } });
      return ((await answer.json()) as { token: string }).token;
    }
    const repository = (name: string, actions = "pull,push"): string => `repository:${name}:${actions}`;
    async function push(name: string, blob: Buffer): Promise<Response> {
      const opened = await ask("POST", `${name}/blobs/uploads/`, { scope: repository(name) });
      expect(opened.status).toBe(202);
      const at = new URL(opened.headers.get("location") ?? "", base);
      at.searchParams.set("digest", digestOf(blob));
      const headers = { "content-type": "application/octet-stream" };
      return ask("PUT", at.href, { scope: repository(name), body: blob, headers });
    }
    const put = (
      name: string,
      reference: string,
      body: Uint8Array | string,
      type = IMAGE,
    ): Promise<Response> =>
      ask("PUT", `${name}/manifests/${reference}`, {
        scope: repository(name),
        body,
        headers: { "content-type": type },
      });
    const codes = async (answer: Response): Promise<readonly string[]> => {
      expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
      const { errors } = (await answer.json()) as { errors: readonly { code: string }[] };
      return errors.map(({ code }) => code);
    };

    test.each([
      ["GET", "", undefined],
      ["GET", "app/manifests/v1", "repository:app:pull"],
      ["PUT", "app/manifests/v2", "repository:app:pull,push"],
      ["POST", "app/blobs/uploads/", "repository:app:pull,push"],
      ["DELETE", `app/manifests/${ABSENT}`, "repository:app:delete"],
      ["GET", "_catalog", "registry:catalog:*"],
      ["GET", "nothing/manifests/v1", "repository:nothing:pull"],
    ])("%s /v2/%s without a token: 401, where to get one, and for what", async (method, path, scope) => {
      const answer = await ask(method, path);
      expect(answer.status).toBe(401);
      const challenge = answer.headers.get("www-authenticate") ?? "";
      expect(challenge).toMatch(/^Bearer /);
      const fields = Object.fromEntries(
        [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
      );
      expect(fields).toMatchObject({ realm: tokens, service: "registry.test" });
      const sorted = (text = ""): string =>
        text.replace(/[^:]*$/, (actions) => actions.split(",").sort().join(","));
      expect(sorted(fields.scope)).toBe(sorted(scope));
      expect(await codes(answer)).toEqual(["UNAUTHORIZED"]);
    });

    test("GET and HEAD of a manifest and a blob say the same", async () => {
      for (const [path, bytes] of [
        ["app/manifests/v1", manifest],
        [`app/manifests/${digestOf(manifest)}`, manifest],
        [`app/blobs/${digestOf(layer)}`, layer],
      ] as const) {
        const options = { scope: repository("app", "pull"), headers: { accept: IMAGE } };
        const [get, head] = [await ask("GET", path, options), await ask("HEAD", path, options)];
        const told = (answer: Response): object =>
          ["content-length", "content-type", "docker-content-digest"].map((name) => answer.headers.get(name));
        expect([get.status, head.status, told(head)]).toEqual([200, 200, told(get)]);
        expect(head.headers.get("docker-content-digest")).toBe(digestOf(bytes));
        expect(Buffer.from(await get.arrayBuffer()).equals(bytes)).toBe(true);
      }
      expect(
        (
          await ask("GET", "app/manifests/v1", { scope: repository("app"), headers: { accept: IMAGE } })
        ).headers.get("content-type"),
      ).toBe(IMAGE);
    });

    test.each([
      ["GET", "app/manifests/none", 404, "MANIFEST_UNKNOWN"],
      ["GET", `app/manifests/${ABSENT}`, 404, "MANIFEST_UNKNOWN"],
      ["GET", `app/blobs/${ABSENT}`, 404, "BLOB_UNKNOWN"],
      ["DELETE", `app/manifests/${ABSENT}`, 404, "MANIFEST_UNKNOWN"],
    ])("%s /v2/%s: %d %s", async (method, path, status, code) => {
      const answer = await ask(method, path, { scope: repository("app", "pull,push,delete") });
      expect([answer.status, await codes(answer)]).toEqual([status, [code]]);
    });

    test.each([
      ["no JSON", "{", 400, ["MANIFEST_INVALID"]],
      [
        "a part that is not there",
        manifest.toString().replace(digestOf(layer), ABSENT),
        400,
        ["MANIFEST_BLOB_UNKNOWN"],
      ],
    ] as const)("a manifest that is %s", async (_, body, status, expected) => {
      const answer = await put("app", "bad", body);
      expect([answer.status, await codes(answer)]).toEqual([status, expected]);
      expect((await ask("HEAD", "app/manifests/bad", { scope: repository("app") })).status).toBe(404);
    });

    test("a manifest by a digest that is not its own, and a blob by another's", async () => {
      const answer = await put("app", ABSENT, manifest);
      expect([answer.status, await codes(answer)]).toEqual([400, ["DIGEST_INVALID"]]);
      const opened = await ask("POST", "app/blobs/uploads/", { scope: repository("app") });
      const at = new URL(opened.headers.get("location") ?? "", base);
      at.searchParams.set("digest", ABSENT);
      const refused = await ask("PUT", at.href, { scope: repository("app"), body: "not it" });
      expect([refused.status, await codes(refused)]).toEqual([400, ["DIGEST_INVALID"]]);
    });

    test("a blob of another repository: taken over, or else an upload is begun", async () => {
      const scope = `${repository("other")} ${repository("app", "pull")}`;
      const mount = (digest: string): Promise<Response> =>
        ask("POST", `other/blobs/uploads/?mount=${digest}&from=app`, { scope });
      const taken = await mount(digestOf(layer));
      expect([taken.status, taken.headers.get("docker-content-digest")]).toEqual([201, digestOf(layer)]);
      const begun = await mount(ABSENT);
      expect([begun.status, begun.headers.get("location")]).toEqual([
        202,
        expect.stringMatching(/\/v2\/other\/blobs\/uploads\//),
      ]);
    });

    test("a blob in pieces", async () => {
      const scope = repository("app");
      const opened = await ask("POST", "app/blobs/uploads/", { scope });
      const piece = (at: string, range: string, body: string): Promise<Response> =>
        ask("PATCH", new URL(at, base).href, {
          scope,
          body,
          headers: { "content-range": range, "content-type": "application/octet-stream" },
        });
      const first = await piece(opened.headers.get("location") ?? "", "0-3", "abcd");
      expect([first.status, first.headers.get("range")]).toEqual([202, "0-3"]);
      const at = first.headers.get("location") ?? "";
      const last = new URL(at, base);
      last.searchParams.set("digest", digestOf(Buffer.from("abcd")));
      expect((await ask("PUT", last.href, { scope })).status).toBe(201);
    });

    test("lists in pages, as their links lead", async () => {
      for (const tag of ["a", "b", "c"]) expect((await put("app", tag, manifest)).status).toBe(201);
      expect((await put("app", "c", manifest)).headers.get("location")).toMatch(/\/v2\/app\/manifests\//);
      for (const blob of [layer, config]) await push("zoo", blob);
      await put("zoo", "v1", manifest);
      const scope = "registry:catalog:*";
      const first = await ask("GET", "_catalog?n=1", { scope });
      const link = /^<([^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
      const second = await ask("GET", new URL(link, base).href, { scope });
      expect([await first.json(), await second.json()]).toEqual([
        { repositories: ["app"] },
        { repositories: expect.any(Array) },
      ]);
      const tags = await ask("GET", "app/tags/list", { scope: repository("app") });
      const listed = (await tags.json()) as { name: string; tags: string[] };
      expect([listed.name, listed.tags.sort()]).toEqual(["app", ["a", "b", "c", "v1"]]);
    });

    test("a manifest is removed once: 202, and then it is not there", async () => {
      const scope = repository("zoo", "pull,push,delete");
      for (const blob of [layer, config]) await push("zoo", blob);
      await put("zoo", "v1", manifest);
      const path = `zoo/manifests/${digestOf(manifest)}`;
      expect((await ask("DELETE", path, { scope })).status).toBe(202);
      expect((await ask("HEAD", path, { scope })).status).toBe(404);
    });
  },
);
