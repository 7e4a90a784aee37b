import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecOptions, type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Registry } from "../../provisioner/registry/client.ts";
import { makeAuthority } from "../support/certificates.ts";
import { Cleanup } from "../support/cleanup.ts";
import { startDocker } from "../support/docker.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, isRoot, testIf } from "../support/host.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

/** Our tokens before Debian's docker-registry, with skopeo, dockerd and our own client in turn. */
describeIf(
  hasCommand("docker-registry"),
  hasCommand("skopeo"),
  hasCommand("openssl"),
)("plimsoll registry tokens", () => {
  const cleanup = new Cleanup();
  afterAll(() => cleanup.run());
  const folder = cleanup.temporaryFolder();
  const server = join(folder, "server.yaml");
  let host = "";
  let image = "";

  const plimsoll = (args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> =>
    exec(programArgv("plimsoll", "registry", ...args, "--server", server), options);

  beforeAll(async () => {
    host = `127.0.0.1:${await freePort()}`;
    const listen = `127.0.0.1:${await freePort()}`;
    mkdirSync(join(folder, "data"));
    const rights = [
      { users: "ci", repositories: "team/**", actions: ["pull", "push"] },
      { users: "ada", actions: ["pull", "delete", "catalog"] },
      { users: "*", repositories: "team/public", actions: "pull" },
    ];
    const quotas = [{ namespace: "team/small", size: "1M" }];
    const declaration = {
      name: "registry.test",
      folder: join(folder, "registry"),
      replicas: { a: { address: host } },
      storage: { filesystem: { folder: join(folder, "data") } },
      auth: {
        tokens: { url: `http://${listen}/token`, listen, users: join(folder, "users"), rights, quotas },
      },
    };
    writeFileSync(server, JSON.stringify(declaration));
    for (const user of ["ci", "ada"]) await plimsoll(["passwd", user], { input: `${user}'s secret\n` });
    await plimsoll(["init"]);
    const up = programArgv(
      "plimsoll",
      "registry",
      "up",
      "--server",
      server,
      "--store",
      join(folder, "state.db"),
    );
    const tokens = programArgv("plimsoll", "registry", "tokens", "--server", server);
    await Promise.all([
      startProgram(cleanup, up).waitForLine(/"msg":"serves"/, 30_000),
      startProgram(cleanup, tokens).waitForLine(/"msg":"ready"/, 30_000),
    ]);
    image = await makeImage(folder);
  });

  /** A copy by skopeo; what it says when it fails. */
  async function copy(from: string, to: string, user?: string): Promise<string> {
    const known =
      user === undefined
        ? []
        : [to.startsWith("docker:") ? "--dest-creds" : "--src-creds", `${user}:${user}'s secret`];
    const argv = ["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", ...known, from, to];
    const { code, stderr } = await exec(argv, { okCodes: [0, 1] });
    return code === 0 ? "done" : stderr;
  }
  const remote = (name: string): string => `docker://${host}/${name}`;
  const local = (): string => `oci:${cleanup.temporaryFolder()}:x`;

  test("each does what he may, by skopeo", async () => {
    expect(await copy(image, remote("team/app:v1"), "ci")).toBe("done");
    expect(await copy(image, remote("team/public:v1"), "ci")).toBe("done");
    expect(await copy(image, remote("other/app:v1"), "ci")).toMatch(/denied/);
    expect(await copy(image, remote("team/app:v2"), "ada")).toMatch(/denied/);
    expect(await copy(image, remote("team/app:v2"))).toMatch(/denied|authentication required/);
    expect(await copy(remote("team/app:v1"), local(), "ada")).toBe("done");
    expect(await copy(remote("team/public:v1"), local())).toBe("done");
    expect(await copy(remote("team/app:v1"), local())).toMatch(/denied|authentication required/);
    const argv = [
      "skopeo",
      "login",
      "--tls-verify=false",
      "-u",
      "ci",
      "-p",
      "wrong",
      "--authfile",
      join(folder, "auth"),
      host,
    ];
    expect((await exec(argv, { okCodes: [1, 125] })).stderr).toMatch(
      /invalid username\/password|unauthorized/,
    );
  });

  test("a catalog and a removal, by our own client", async () => {
    const as = (username: string): Registry => {
      const registry = new Registry({
        url: `http://${host}`,
        credentials: { username, password: `${username}'s secret` },
      });
      cleanup.add("client", () => registry.close());
      return registry;
    };
    expect(await as("ada").repositories()).toEqual(["team/app", "team/public"]);
    await expect(as("ci").repositories()).rejects.toThrow(/UNAUTHORIZED|DENIED/);
    const digest = (await as("ci").digestOf("team/app", "v1")) ?? "";
    await expect(as("ci").removeManifest("team/app", digest)).rejects.toThrow(/UNAUTHORIZED|DENIED/);
    expect(await as("ada").removeManifest("team/app", digest)).toBe(true);
  });

  test("who has used up a quota may pull, and push elsewhere", async () => {
    const large = cleanup.temporaryFolder();
    writeFileSync(join(large, "file"), randomBytes(2 ** 20));
    const archive = join(large, "layer.tar");
    await exec(["tar", "-C", large, "-cf", archive, "file"]);
    expect(await copy(`tarball:${archive}`, remote("team/small/app:v1"), "ci")).toBe("done");
    const isDenied = async (): Promise<boolean> =>
      /denied/.test(await copy(image, remote("team/small/other:v1"), "ci"));
    await waitFor("the quota to be seen", isDenied, 20_000);
    expect(await copy(remote("team/small/app:v1"), local(), "ci")).toBe("done");
    expect(await copy(image, remote("team/smaller:v1"), "ci")).toBe("done");
  });

  test("a token of another's key is none", async () => {
    const key = await makeAuthority(cleanup.temporaryFolder());
    const forged = [{ alg: "ES256", typ: "JWT", x5c: [await derOf(key.cert)] }, { iss: "registry.test" }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    for (const token of [`${forged}.AAAA`, "x.y.z", "none"]) {
      const answer = await fetch(`http://${host}/v2/`, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(401);
    }
  });

  testIf(isRoot, hasCommand("dockerd"))("dockerd logs in, pushes and pulls", async () => {
    const docker = await startDocker(cleanup);
    const config = cleanup.temporaryFolder();
    const run = (...args: readonly string[]): Promise<ExecResult> =>
      exec(["docker", "--config", config, ...args], { env: docker.env, okCodes: [0, 1], timeoutMs: 60_000 });
    const login = (password: string): Promise<ExecResult> => run("login", "-u", "ci", "-p", password, host);
    expect((await login("wrong")).stderr).toMatch(/unauthorized/);
    const archive = join(config, "image.tar");
    await exec(["tar", "-C", folder, "-cf", archive, "server.yaml"]);
    expect((await run("import", archive, `${host}/team/made:v1`)).code).toBe(0);
    expect((await run("push", `${host}/team/made:v1`)).code).toBe(1);
    expect((await login("ci's secret")).code).toBe(0);
    expect(await run("push", `${host}/team/made:v1`)).toMatchObject({ code: 0 });
    await run("rmi", `${host}/team/made:v1`);
    expect((await run("pull", `${host}/team/made:v1`)).code).toBe(0);
    await run("tag", `${host}/team/made:v1`, `${host}/other/made:v1`);
    expect((await run("push", `${host}/other/made:v1`)).stderr).toMatch(/denied/);
  });
});

/** A layout with one small image, and skopeo's name for it. */
async function makeImage(folder: string): Promise<string> {
  const root = join(folder, "image");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "content");
  const archive = join(folder, "layer.tar");
  await exec(["tar", "-C", root, "-cf", archive, "."]);
  await exec(["skopeo", "copy", `tarball:${archive}`, `oci:${folder}/layout:v1`]);
  return `oci:${folder}/layout:v1`;
}

async function derOf(certificate: string): Promise<string> {
  const { stdout } = await exec(["openssl", "x509", "-in", certificate]);
  return stdout.replaceAll(/-----[^-]+-----|\s/g, "");
}
