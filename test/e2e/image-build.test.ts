import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { importDebian } from "../support/docker-images.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { IMAGE_LAB, ImageLab } from "../support/image-lab.ts";
import { startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const BUILD_MS = 120_000;
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI somebody";

/** An image of a base that an engine without a network has, and a container of it. */
describeIf(...IMAGE_LAB, hasCommand("debootstrap"))("plimsoll image build", () => {
  const cleanup = new Cleanup();
  let lab: ImageLab;
  beforeAll(async () => {
    lab = await ImageLab.open(cleanup);
    const { folder } = lab;
    await importDebian(lab.docker, "base:v1");
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
    await lab.cli("build", "-t", "agent:v1", agent);
    mkdirSync(join(folder, "site"));
    writeFileSync(join(folder, "site/index.html"), "hello");
    writeFileSync(join(folder, "site/run"), "#!/bin/sh\n");
    chmodSync(join(folder, "site/run"), 0o700);
  }, BUILD_MS);
  afterAll(() => cleanup.run());

  const IMAGE = {
    base: "base:v1",
    agent: "agent:v1",
    files: [
      { from: "site", to: "/srv/site", owner: "1000:1000" },
      { from: "site/index.html", to: "/etc/", mode: "0600" },
    ],
    users: [
      { name: "web", uid: 1000, groups: ["adm", "ops"], sshKeys: [KEY] },
      { name: "ops", uid: 1001 },
    ],
    ports: ["8080"],
    environment: { PRICE: '5 $ "net"\\' },
    labels: { owner: "team web" },
    workdir: "/srv/site",
    health: { command: ["cat", "/srv/site/index.html"], interval: "1s" },
    init: true,
    command: ["sh", "-c", "echo $$; cat /etc/index.html; exit 7"],
  };

  function build(image: object, ...args: readonly string[]): Promise<ExecResult> {
    return lab.image("build", lab.write("web.json", image), ...args);
  }

  function run(...words: readonly string[]): Promise<ExecResult> {
    const argv = ["docker", "run", "--rm", "--network", "none", ...words];
    return exec(argv, { env: lab.docker.env, okCodes: [0, 7], timeoutMs: 60_000 });
  }

  async function inspect(name: string): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await lab.cli("image", "inspect", name))[0];
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
        "ls -ldn /srv/site/run /srv/site/index.html /etc/index.html /home/web /home/web/.ssh/*; cat /home/web/.ssh/*; grep web: /etc/passwd; id -G web; plimsoll-agent; pwd";
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
      expect(listing).toContain(
        `${KEY}\nweb:x:1000:1000::/home/web:/bin/sh\n1000 4 1001\nan agent\n/srv/site\n`,
      );
    },
    BUILD_MS,
  );

  test(
    "a policy: before anything is built, of what was built, and as image check has it",
    async () => {
      const say = (values: object): string => lab.write("policy.json", values);
      const policy = say({});
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
      const images = await lab.cli("images", "-a", "--format", "{{.Repository}}:{{.Tag}}");
      expect(images).not.toMatch(/early|late/);

      say({
        ports: ["8080"],
        labels: ["owner"],
        bases: ["base:*"],
        users: { allowed: ["root"] },
        secrets: {},
      });
      const { code } = await build(withPolicy, "--tag", "web:v2");
      const checked = await lab.image("check", "docker:web:v2", "--policy", policy);
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
      const group = [{ name: "mail2", uid: 1002, groups: ["nobody-s"] }];
      const lonely = await build({ ...IMAGE, users: group });
      expect([lonely.code, lonely.stderr]).toEqual([1, expect.stringContaining("grep -q '^nobody-s:'")]);
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

  test(
    "odd names, odd modes, a link, much in one file: in the image they are as they were",
    async () => {
      const odd = join(lab.folder, "odd");
      mkdirSync(join(odd, "a b"), { recursive: true });
      const names = ["-rf", "*", "$HOME", "a\nb", "q\"'\\", "ü".repeat(100), ".dockerignore", "a b/[x]"];
      for (const name of names) writeFileSync(join(odd, name), name, { mode: 0o4600 });
      writeFileSync(join(odd, "zero"), "");
      writeFileSync(join(odd, "large"), Buffer.alloc(2 ** 26, "large"), { mode: 0o2711 });
      symlinkSync("a b/[x]", join(odd, "link"));

      const image = { base: "base:v1", files: [{ from: "odd", to: "/srv/odd" }] };
      expect(await build(image, "--tag", "odd:v1")).toMatchObject({ code: 0 });
      const made = await lab.cli("create", "odd:v1", "true");
      await lab.cli("cp", `${made}:/srv/odd`, join(lab.folder, "copied"));
      await lab.cli("rm", made);
      await exec(["diff", "-r", "--no-dereference", odd, join(lab.folder, "copied")]);
      const { stdout } = await run("odd:v1", "find", "/srv/odd", "-type", "f", "-printf", "%m %U:%G\n");
      const modes = stdout.trim().split("\n").toSorted();
      expect(modes).toEqual([...Array(names.length + 1).fill("644 0:0"), "755 0:0"]);
    },
    BUILD_MS,
  );

  test(
    "killed in the middle of a build: no container, no image, nothing of the context is left",
    async () => {
      const slow = join(lab.folder, "slow");
      mkdirSync(slow);
      const script = "#!/bin/sh\necho begun; sleep 3600\n";
      writeFileSync(join(slow, "apt-get"), script, { mode: 0o755 });
      writeFileSync(join(slow, "Dockerfile"), "FROM base:v1\nCOPY apt-get /usr/bin/apt-get\n");
      await lab.cli("build", "-t", "slow:v1", slow);
      const images = async (): Promise<readonly string[]> =>
        (await lab.cli("images", "--all", "--quiet", "--no-trunc")).split("\n").toSorted();
      const before = await images();
      const image = { base: "slow:v1", packageManager: "apt", packages: ["x"], files: IMAGE.files };
      const argv = lab.argv("build", lab.write("slow.json", image), "--tag", "late:v1");
      const building = startProgram(cleanup, argv, { env: lab.env });
      await building.waitForLine(/^begun$/, 60_000);
      expect(await lab.cli("ps", "--all", "--quiet")).not.toBe("");

      await building.stop("SIGKILL");
      await waitFor("no container", async () => (await lab.cli("ps", "--all", "--quiet")) === "", 60_000);
      expect(await images()).toEqual(before);
      const context = join(dirname(lab.docker.socket), "data/tmp");
      await waitFor("no context", () => readdirSync(context).length === 0, 60_000);
    },
    BUILD_MS,
  );
});
