import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type PrivateDocker, startDocker } from "../support/docker.ts";
import { importDebian } from "../support/docker-images.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { describeIf, hasCommand, isRoot } from "../support/host.ts";
import { programArgv } from "../support/run-program.ts";

const BUILD_MS = 120_000;
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI somebody";

/** An image of a base that an engine without a network has, and a container of it. */
describeIf(
  ...[isRoot, hasCommand("dockerd"), hasCommand("docker"), hasCommand("runc")],
  ...[hasCommand("docker-registry"), hasCommand("skopeo"), hasCommand("debootstrap")],
)("plimsoll image build", () => {
  const cleanup = new Cleanup();
  let folder: string;
  let docker: PrivateDocker;
  beforeAll(async () => {
    folder = cleanup.temporaryFolder();
    docker = await startDocker(cleanup);
    await importDebian(docker, "base:v1");
    // Of our own programs, the parts of an image of the agent.
    const agent = join(folder, "agent");
    mkdirSync(agent);
    const lines = [
      "FROM base:v1",
      "COPY program /opt/plimsoll/bin/plimsoll-agent",
      "COPY program /usr/local/bin/node",
    ];
    writeFileSync(join(agent, "Dockerfile"), lines.join("\n"));
    writeFileSync(join(agent, "program"), "#!/bin/sh\necho an agent\n");
    chmodSync(join(agent, "program"), 0o755);
    await exec(["docker", "build", "-t", "agent:v1", agent], { env: docker.env, timeoutMs: BUILD_MS });
    mkdirSync(join(folder, "site"));
    writeFileSync(join(folder, "site/index.html"), "hello");
    writeFileSync(join(folder, "site/run"), "#!/bin/sh\n");
    chmodSync(join(folder, "site/run"), 0o700);
    writeFileSync(join(folder, "host.json"), JSON.stringify({ docker: docker.socket }));
  }, BUILD_MS);
  afterAll(() => cleanup.run());

  const IMAGE = {
    base: "base:v1",
    agent: "agent:v1",
    files: [
      { from: "site", to: "/srv/site", owner: "1000:1000" },
      { from: "site/index.html", to: "/etc/", mode: "0600" },
    ],
    users: [{ name: "web", uid: 1000, sshKeys: [KEY] }],
    ports: ["8080"],
    environment: { PRICE: '5 $ "net"\\' },
    labels: { owner: "team web" },
    workdir: "/srv/site",
    health: { command: ["cat", "/srv/site/index.html"], interval: "1s" },
    init: true,
    command: ["sh", "-c", "echo $$; cat /etc/index.html; exit 7"],
  };

  function build(image: object, ...args: readonly string[]): Promise<ExecResult> {
    const file = join(folder, "web.json");
    writeFileSync(file, JSON.stringify(image));
    const env = { PLIMSOLL_HOST_CONFIG: join(folder, "host.json") };
    const argv = programArgv("plimsoll", "image", "build", file, ...args);
    return exec(argv, { env, okCodes: [0, 1, 2], timeoutMs: BUILD_MS });
  }

  function run(...words: readonly string[]): Promise<ExecResult> {
    const argv = ["docker", "run", "--rm", "--network", "none", ...words];
    return exec(argv, { env: docker.env, okCodes: [0, 7], timeoutMs: 60_000 });
  }

  async function inspect(name: string): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await exec(["docker", "image", "inspect", name], { env: docker.env });
    return JSON.parse(stdout)[0];
  }

  test(
    "what was declared is in the image, and its container runs",
    async () => {
      const { code, stdout, stderr } = await build(IMAGE, "--tag", "web:v1");
      expect([code, stderr.includes("error")]).toEqual([0, false]);
      expect(stdout).toMatch(/^built sha256:[0-9a-f]{64}, web:v1\n$/);

      const { Config } = (await inspect("web:v1")) as { readonly Config: Readonly<Record<string, unknown>> };
      expect(Config).toMatchObject({
        ExposedPorts: { "8080/tcp": {} },
        Labels: { owner: "team web", "org.opencontainers.image.base.name": "base:v1" },
        Env: expect.arrayContaining(['PRICE=5 $ "net"\\']),
        Healthcheck: { Test: ["CMD", "cat", "/srv/site/index.html"], Interval: 1e9 },
      });
      // Not the first process: that is ours, and hands its exit code on.
      const container = await run("web:v1");
      expect([container.code, container.stdout]).toEqual([7, expect.stringMatching(/^[2-9]\d*\nhello$/)]);

      const script =
        "ls -ldn /srv/site/run /srv/site/index.html /etc/index.html /home/web /home/web/.ssh/*; cat /home/web/.ssh/*; grep web: /etc/passwd; plimsoll-agent; pwd";
      const { stdout: listing } = await run("web:v1", "sh", "-c", script);
      const rows = listing.split("\n").map((line) => line.split(/\s+/));
      expect(
        rows
          .filter(([, , , , , , , , path]) => path)
          .map(([mode, , uid, gid, , , , , path]) => [mode, uid, gid, path]),
      ).toEqual([
        ["-rw-------", "0", "0", "/etc/index.html"],
        ["drwxr-x---", "1000", "1000", "/home/web"],
        ["-rw-------", "1000", "1000", "/home/web/.ssh/authorized_keys"],
        ["-rw-r--r--", "1000", "1000", "/srv/site/index.html"],
        ["-rwxr-xr-x", "1000", "1000", "/srv/site/run"],
      ]);
      expect(listing).toContain(`${KEY}\nweb:x:1000:1000::/home/web:/bin/sh\nan agent\n/srv/site\n`);
    },
    BUILD_MS,
  );

  test(
    "a policy: before anything is built, of what was built, and as image check has it",
    async () => {
      const policy = join(folder, "policy.json");
      const say = (values: object): void => writeFileSync(policy, JSON.stringify(values));
      const withPolicy = { ...IMAGE, policy };

      say({ ports: ["80"] });
      const early = await build(withPolicy, "--tag", "web:early");
      expect([early.code, early.stdout, early.stderr]).toEqual([
        1,
        expect.stringContaining("port-not-allowed"),
        "",
      ]);
      say({ labels: ["licence"] });
      const late = await build(withPolicy, "--tag", "web:late", "--json");
      expect([late.code, JSON.parse(late.stdout)]).toMatchObject([
        1,
        { id: null, check: { violations: [{ rule: "label-missing", message: "licence" }] } },
      ]);
      const { stdout: images } = await exec(
        ["docker", "images", "-a", "--format", "{{.Repository}}:{{.Tag}}"],
        { env: docker.env },
      );
      expect(images).not.toMatch(/early|late/);

      say({
        ports: ["8080"],
        labels: ["owner"],
        bases: ["base:*"],
        users: { allowed: ["root"] },

        secrets: {},
      });
      const { code } = await build(withPolicy, "--tag", "web:v2");
      const check = programArgv("plimsoll", "image", "check", "docker:web:v2", "--policy", policy);
      const checked = await exec(check, {
        env: { PLIMSOLL_HOST_CONFIG: join(folder, "host.json") },
        timeoutMs: 60_000,
      });
      expect([code, checked.stdout]).toEqual([0, expect.stringContaining("as the policy wants it")]);
    },
    BUILD_MS,
  );

  test(
    "what was built and pushed is what skopeo finds",
    async () => {
      const registry = await startDockerRegistry(cleanup);
      const name = `${registry.host}/team/web:v1`;
      const { code, stdout } = await build(IMAGE, "--tag", name, "--push", "--json");
      expect(code).toBe(0);
      const found = await exec(["skopeo", "inspect", "--config", "--tls-verify=false", `docker://${name}`]);
      expect(JSON.parse(found.stdout).config.Labels).toMatchObject({ owner: "team web" });
      expect(JSON.parse(stdout)).toMatchObject({ tag: name, id: (await inspect(name)).Id });
    },
    BUILD_MS,
  );

  test(
    "a step that fails, a base that is not there, and what is not asked for as it must be",
    async () => {
      const users = [{ name: "web", uid: 0.5 }];
      const twice = await build({ ...IMAGE, base: "web:v1" });
      expect([twice.code, twice.stderr.trim().split("\n").at(-1)]).toEqual([
        1,
        expect.stringMatching(/^error: image .*web\.json: The command .* returned a non-zero code: 1$/),
      ]);
      const absent = await build({ ...IMAGE, base: "127.0.0.1:1/none:v1" });
      expect([absent.code, absent.stderr]).toEqual([1, expect.stringMatching(/^error: .*127\.0\.0\.1:1/m)]);
      const bad: readonly (readonly [object, readonly string[], string])[] = [
        [{ ...IMAGE, users }, [], "users[0].uid"],
        [IMAGE, ["--pinned"], "base: base:v1 has no digest"],
        [IMAGE, ["--push"], "--push: needs --tag with the host of a registry"],
        [IMAGE, ["--tag", "a b"], '--tag: "a b" is not NAME:TAG'],
        [
          { ...IMAGE, files: [{ from: "../x", to: "/x" }] },
          ["--dry-run"],
          'files: "../x" is not a path below',
        ],
      ];
      for (const [image, args, message] of bad) {
        const { code, stderr } = await build(image, ...args);
        expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
        expect(stderr.trim().split("\n")).toHaveLength(1);
      }
    },
    BUILD_MS,
  );
});
