import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { importImage, type PrivateDocker, startDocker } from "../support/docker.ts";
import { type PrivateRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, isRoot } from "../support/host.ts";
import { programArgv, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG_MS = 120_000;

/** One host with a real engine that has nothing, and a real registry that has images. */
describeIf(
  ...[isRoot, hasCommand("dockerd"), hasCommand("docker"), hasCommand("runc"), hasCommand("docker-registry")],
)("plimsoll image warm", () => {
  const cleanup = new Cleanup();
  let folder: string;
  let docker: PrivateDocker;
  let registry: PrivateRegistry;
  let port: number;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = cleanup.temporaryFolder();
    port = await freePort();
    docker = await startDocker(cleanup);
    registry = await startDockerRegistry(cleanup, {
      notifications: {
        endpoints: [
          { name: "warm", url: `http://127.0.0.1:${port}/`, timeout: "1s", threshold: 3, backoff: "1s" },
        ],
      },
    });
    await importImage(cleanup, docker, "made:v1");
    for (const tag of ["v1", "v2"]) await push(tag, tag);
    writeFileSync(join(folder, "host.json"), JSON.stringify({ name: "h1", docker: docker.socket }));
    const warm = { base: { registry: "one", repositories: "team/*", tags: "v*" } };
    writeFileSync(
      join(folder, "registry.json"),
      JSON.stringify({ registries: { one: { url: registry.url } }, warm }),
    );
    env = {
      ...{
        PLIMSOLL_HOST_CONFIG: join(folder, "host.json"),
        PLIMSOLL_REGISTRY_CONFIG: join(folder, "registry.json"),
      },
      PLIMSOLL_STORE: join(folder, "state.db"),
    };
  }, LONG_MS);
  afterAll(() => cleanup.run());

  async function cli(...argv: readonly string[]): Promise<string> {
    return (await exec(["docker", ...argv], { env: docker.env, timeoutMs: 60_000 })).stdout.trim();
  }

  /** An image of its own in the registry, and of no name here. */
  async function push(tag: string, content: string): Promise<void> {
    const context = cleanup.temporaryFolder();
    writeFileSync(join(context, "Dockerfile"), `FROM made:v1\nLABEL content=${content}\n`);
    const name = `${registry.host}/team/app:${tag}`;
    await cli("build", "-t", name, context);
    await cli("push", name);
    await cli("rmi", name);
  }

  function warm(...args: readonly string[]): Promise<ExecResult> {
    return exec(programArgv("plimsoll", "image", "warm", ...args), {
      env,
      okCodes: [0, 1, 2, 3],
      timeoutMs: LONG_MS,
    });
  }

  const labelOf = (tag: string): Promise<string> =>
    cli("image", "inspect", "-f", "{{.Config.Labels.content}}", `${registry.host}/team/app:${tag}`);

  test(
    "what a rule means is there by digest and by name; the second time nothing is pulled",
    async () => {
      const plan = await warm("--all", "--dry-run");
      expect(plan.stdout.split("\n").slice(0, -1)).toEqual([
        expect.stringMatching(/^base: h1 would pull .*team\/app:v1 \(sha256:/),
        expect.stringMatching(/^base: h1 would pull .*team\/app:v2 \(sha256:/),
        "base: h1: 0 of 2 there",
      ]);
      expect((await warm("base")).stdout).toBe("base: h1: 2 of 2 there, 2 pulled\n");
      expect([await labelOf("v1"), await labelOf("v2")]).toEqual(["v1", "v2"]);
      const digests = await cli(
        "images",
        "--digests",
        "--format",
        "{{.Tag}} {{.Digest}}",
        `${registry.host}/team/app`,
      );
      expect(digests.split("\n").sort()).toEqual([
        expect.stringMatching(/^v1 sha256:/),
        expect.stringMatching(/^v2 sha256:/),
      ]);

      expect((await warm("base")).stdout).toBe("base: h1: 2 of 2 there, 0 pulled\n");
      expect((await warm("status")).stdout).toMatch(/\nbase +h1 +2 +2 +0 +0 +\d{4}-/);
      expect((await warm("status", "--metrics")).stdout).toContain(
        'plimsoll_image_warm_images{rule="base",host="h1",state="present"} 2\n',
      );
      expect(JSON.parse((await warm("status", "--json")).stdout)).toMatchObject([
        { rule: "base", host: "h1", missing: [] },
      ]);
    },
    LONG_MS,
  );

  test(
    "a push is a hint: what has moved is there at once",
    async () => {
      const argv = programArgv(
        "plimsoll",
        "image",
        "warm",
        "--all",
        "--every",
        "1h",
        "--listen",
        `127.0.0.1:${port}`,
      );
      const program = startProgram(cleanup, argv, { env });
      await waitFor(
        "the first look",
        () => program.lines.some((line) => line.includes("2 of 2 there")),
        60_000,
      );
      await push("v1", "moved");
      await push("v3", "new");
      await waitFor(
        "what was pushed",
        async () => program.lines.some((line) => line.includes("3 of 3 there")),
        60_000,
      );
      await program.stop("SIGINT");

      expect([await labelOf("v1"), await labelOf("v3")]).toEqual(["moved", "new"]);
    },
    LONG_MS,
  );

  test(
    "a registry that is away, a rule that is not there, and options that do not go together",
    async () => {
      const answers: readonly (readonly [readonly string[], number, string])[] = [
        [[], 2, "name rules, or say --all"],
        [["other"], 3, "rule other: there is no such rule"],
        [["--all", "--listen", "127.0.0.1:0"], 2, "--listen goes with --every"],
        [["--all", "--every", "often"], 2, '--every: "often" is not a duration'],
      ];
      for (const [args, code, message] of answers) {
        const found = await warm(...args);
        expect([found.code, found.stderr]).toEqual([code, expect.stringContaining(message)]);
      }
      await registry.program.stop("SIGTERM");
      const away = await warm("base");
      expect([away.code, away.stderr]).toEqual([1, expect.stringContaining(`registry ${registry.host}`)]);
    },
    LONG_MS,
  );
});
