import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { attachSbom } from "../../provisioner/images/attach-sbom.ts";
import { Registry } from "../../provisioner/registry/client.ts";
import { listReferrers } from "../../provisioner/registry/referrers.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type PrivateRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { makeTar } from "../support/make-tar.ts";
import { MemoryRegistry } from "../support/memory-registry.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { SyntheticImages } from "../support/synthetic-images.ts";
import { waitFor } from "../support/wait-for.ts";

const MIB = 2 ** 20;

/** Debian's registry twice; skopeo says independently of us what is in them. */
describeIf(hasCommand("docker-registry"), hasCommand("skopeo"))("plimsoll registry sync", () => {
  const cleanup = new Cleanup();
  let [east, west]: PrivateRegistry[] = [];
  let made: SyntheticImages;

  beforeAll(async () => {
    [east, west] = await Promise.all([startDockerRegistry(cleanup), startDockerRegistry(cleanup)]);
    made = new SyntheticImages(at(east).url);
    cleanup.add("client", () => made.registry.close());
  });
  afterAll(() => cleanup.run());

  const at = (registry: PrivateRegistry | undefined): PrivateRegistry => {
    if (registry === undefined) throw new Error("no registry");
    return registry;
  };
  /** The argument vector of `plimsoll registry …` with rules of its own, which keep their journal in `folder`. */
  function command(folder: string, rules: object, ...args: readonly string[]): readonly string[] {
    const registries = { east: { url: at(east).url }, west: { url: at(west).url } };
    writeFileSync(join(folder, "registry.yaml"), JSON.stringify({ registries, rules }));
    const given = ["--config", join(folder, "registry.yaml"), "--store", join(folder, "state.db")];
    return programArgv("plimsoll", "registry", ...args, ...given);
  }
  const run = (argv: readonly string[]): Promise<ExecResult> =>
    exec(argv, { okCodes: [0, 1], timeoutMs: 60_000 });
  /** The digest, by skopeo. */
  async function digest(registry: PrivateRegistry | undefined, image: string): Promise<string> {
    const argv = [
      "skopeo",
      "inspect",
      "--raw",
      "--tls-verify=false",
      `docker://${at(registry).host}/${image}`,
    ];
    const raw = await exec(["sh", "-c", '"$@" | sha256sum', "sh", ...argv]);
    return `sha256:${raw.stdout.split(" ")[0]}`;
  }

  test("images, indexes and signatures arrive as they are, and the second time there is nothing to do", async () => {
    const image = await made.put("one/app", "v1", 300_000);
    const other = await made.put("one/app", "v2", 10);
    const index = await made.putIndex("one/app", "all", [image, other]);
    await made.put("one/app", `${image.replace(":", "-")}.sig`, 50);
    const folder = cleanup.temporaryFolder();
    const rules = { one: { from: "east", to: "west", repositories: "one/**", prefix: "mirror" } };

    const first = await run(command(folder, rules, "sync", "one"));
    expect(first.stdout).toMatch(/one: 0 as they were, 4 copied/);
    expect(await digest(west, "mirror/one/app:v1")).toBe(image);
    expect(await digest(west, "mirror/one/app:all")).toBe(index);
    expect(await digest(west, `mirror/one/app:${image.replace(":", "-")}.sig`)).toMatch(/^sha256:/);
    // A whole pull by another's client, which checks every layer.
    const argv = ["skopeo", "copy", "--src-tls-verify=false", "--all"];
    await exec([...argv, `docker://${at(west).host}/mirror/one/app:all`, `oci:${folder}/pulled:all`]);

    const second = await run(command(folder, rules, "sync", "one"));
    expect(second.stdout).toBe("one: 4 as they were, 0 copied (0 bytes), 0 deleted\n");
    const { stdout } = await run(command(folder, rules, "status", "--metrics"));
    expect(stdout).toContain('plimsoll_registry_sync_tags{rule="one",state="same"} 4');
  });

  test("an SBOM that is attached follows its image; from a registry that lists it as well", async () => {
    const folder = cleanup.temporaryFolder();
    writeFileSync(join(folder, "layer.tar"), makeTar([{ name: "etc/os-release", content: "ID=debian\n" }]));
    const image = `${at(east).host}/said/app:v1`;
    await exec([
      "skopeo",
      "copy",
      "--dest-tls-verify=false",
      `tarball:${folder}/layer.tar`,
      `docker://${image}`,
    ]);
    const attached = await run(programArgv("plimsoll", "image", "sbom", "--attach", image));
    expect(attached).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) });
    const subject = (await made.registry.digestOf("said/app", "v1")) ?? "";
    const rules = { said: { from: "east", to: "west", repositories: "said/**", tags: "v*" } };
    expect((await run(command(folder, rules, "sync", "said"))).stdout).toMatch(
      /said: 0 as they were, 2 copied/,
    );
    const there = new Registry({ url: at(west).url });
    cleanup.add("client", () => there.close());
    const said = async (name: string, of: string): Promise<readonly string[]> =>
      (await listReferrers(there, name, of)).map((each) => each.digest);
    expect(await said("said/app", subject)).toEqual([attached.stdout.trim()]);

    const listing = await new MemoryRegistry().start(cleanup);
    listing.hasReferrers = true;
    const listed = listing.putImage("listed/app", "v1", "layer");
    const source = new Registry({ url: listing.url });
    cleanup.add("source", () => source.close());
    const note = await attachSbom(source, "listed/app", listed, "{}", 0);
    const from = { listing: { url: listing.url }, west: { url: at(west).url } };
    const file = join(folder, "listed.yaml");
    writeFileSync(
      file,
      JSON.stringify({ registries: from, rules: { listed: { from: "listing", to: "west" } } }),
    );
    const sync = programArgv(
      "plimsoll",
      "registry",
      "sync",
      "listed",
      "--config",
      file,
      "--store",
      join(folder, "x.db"),
    );
    expect((await run(sync)).stdout).toMatch(/listed: 0 as they were, 2 copied/);
    expect(await said("listed/app", listed)).toEqual([note]);
    expect((await run(sync)).stdout).toMatch(/listed: 1 as they were, 0 copied/);
  });

  test("killed again and again on its way: both sides are equal at the end, and no tag was ever broken", async () => {
    for (let n = 0; n < 12; n++) await made.put("killed/app", `v${n}`, MIB);
    const folder = cleanup.temporaryFolder();
    const rules = { killed: { from: "east", to: "west", repositories: "killed/*", rate: "8M", parallel: 2 } };
    const images = new SyntheticImages(at(west).url);
    cleanup.add("client", () => images.registry.close());

    for (let kills = 1; kills <= 3; kills++) {
      const sync = startProgram(cleanup, command(folder, rules, "sync", "killed"));
      const isOnItsWay = async (): Promise<boolean> =>
        (await images.registry.tags("killed/app")).length >= kills * 3;
      await waitFor(`${kills * 3} tags`, isOnItsWay, 30_000);
      await sync.stop("SIGKILL");
      for (const tag of await images.registry.tags("killed/app"))
        await exec([
          "skopeo",
          "inspect",
          "--tls-verify=false",
          `docker://${at(west).host}/killed/app:${tag}`,
        ]);
    }
    const last = await run(command(folder, rules, "sync", "killed"));
    expect(last.stdout).toMatch(/killed: \d+ as they were, \d+ copied \(\d+ bytes\), 0 deleted\n$/);
    for (let n = 0; n < 12; n++)
      expect(await digest(west, `killed/app:v${n}`)).toBe(
        await made.registry.digestOf("killed/app", `v${n}`),
      );
  }, 120_000);

  test("the destination is killed on the way, comes back, and the next run ends what was begun", async () => {
    for (let n = 0; n < 4; n++) await made.put("lost/app", `v${n}`, MIB);
    const folder = cleanup.temporaryFolder();
    const rules = { lost: { from: "east", to: "west", repositories: "lost/*", rate: "2M", parallel: 1 } };
    const sync = startProgram(cleanup, command(folder, rules, "sync", "lost"));
    const images = new SyntheticImages(at(west).url);
    cleanup.add("client", () => images.registry.close());
    await waitFor("a tag", async () => (await images.registry.tags("lost/app")).length > 0, 30_000);
    await at(west).program.stop("SIGKILL");
    expect(await sync.ended).toBe(1);
    expect(sync.lines.join("\n")).toMatch(/failed: registry 127\.0\.0\.1:\d+: \w+ .*: no answer/);

    west = await at(west).restart();
    expect((await run(command(folder, rules, "sync", "lost"))).stdout).toMatch(
      /lost: \d as they were, \d copied .* 0 deleted\n$/,
    );
    for (let n = 0; n < 4; n++)
      expect(await digest(west, `lost/app:v${n}`)).toBe(await made.registry.digestOf("lost/app", `v${n}`));
  }, 60_000);

  test("notified: a push is there soon; notifications that are lost cost time, not images", async () => {
    const port = await freePort();
    const endpoint = {
      name: "sync",
      url: `http://127.0.0.1:${port}/`,
      timeout: "1s",
      threshold: 1,
      backoff: "200ms",
    };
    const north = await startDockerRegistry(cleanup, { notifications: { endpoints: [endpoint] } });
    const pushed = new SyntheticImages(north.url);
    cleanup.add("client", () => pushed.registry.close());
    const folder = cleanup.temporaryFolder();
    const registries = { north: { url: north.url }, west: { url: at(west).url } };
    const rules = { told: { from: "north", to: "west" } };
    const start = (every: string): RunningProgram => {
      const argv = command(folder, {}, "sync", "told", "--every", every, "--listen", `127.0.0.1:${port}`);
      writeFileSync(join(folder, "registry.yaml"), JSON.stringify({ registries, rules }));
      return startProgram(cleanup, argv);
    };

    const sync = start("1h");
    await sync.waitForLine(/told: 0 as they were/, 30_000);
    const image = await pushed.put("told/app", "v1", 100);
    await sync.waitForLine(/told: told\/app:v1 copied/, 30_000);
    expect(await digest(west, "told/app:v1")).toBe(image);
    await sync.stop("SIGKILL");

    // The registry dies with what it had to tell, and nobody listened: the first comparison finds it.
    const lost = await pushed.put("told/app", "v2", 100);
    await north.program.stop("SIGKILL");
    await north.restart();
    const again = start("1h");
    await again.waitForLine(/told: told\/app:v2 copied/, 30_000);
    expect(await digest(west, "told/app:v2")).toBe(lost);
    expect(await again.stop()).toBe(130);
  }, 60_000);

  test("deletes, where the registry deletes by digest alone", async () => {
    for (const tag of ["v1", "v2"]) await made.put("gone/app", tag, 100);
    const folder = cleanup.temporaryFolder();
    const rules = { gone: { from: "east", to: "west", repositories: "gone/*", deletes: true } };
    await run(command(folder, rules, "sync", "gone"));
    await made.registry.removeManifest("gone/app", (await made.registry.digestOf("gone/app", "v1")) ?? "");

    expect((await run(command(folder, rules, "sync", "gone"))).stdout).toMatch(
      /gone: gone\/app:v1 deleted\n/,
    );
    expect(
      (await exec(["skopeo", "list-tags", "--tls-verify=false", `docker://${at(west).host}/gone/app`]))
        .stdout,
    ).not.toContain("v1");
  });

  test("what a rule's policy refuses is never there under a tag, and told each time", async () => {
    const folder = cleanup.temporaryFolder();
    mkdirSync(join(folder, "image"));
    writeFileSync(join(folder, "image/tool"), "#!/bin/sh\n");
    for (const [tag, mode] of [
      ["plain", 0o755],
      ["setuid", 0o4755],
    ] as const) {
      chmodSync(join(folder, "image/tool"), mode);
      const layer = join(folder, `${tag}.tar`);
      await exec(["tar", "-C", join(folder, "image"), "-cf", layer, "."]);
      const to = `docker://${at(east).host}/judged/app:${tag}`;
      await exec(["skopeo", "copy", "--dest-tls-verify=false", `tarball:${layer}`, to]);
    }
    writeFileSync(join(folder, "policy.yaml"), JSON.stringify({ setuid: [] }));
    const policy = join(folder, "policy.yaml");
    const rules = { judged: { from: "east", to: "west", repositories: "judged/*", policy } };
    const tags = async (): Promise<string> =>
      (await exec(["skopeo", "list-tags", "--tls-verify=false", `docker://${at(west).host}/judged/app`]))
        .stdout;

    const first = await run(command(folder, rules, "sync", "judged"));
    expect(first).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/app:setuid left alone, refused by the policy: .*tool/),
    });
    expect(first.stdout).toMatch(/1 copied \(\d+ bytes\), 0 deleted, 1 refused\n$/);
    expect(await tags()).not.toContain("setuid");
    expect((await run(command(folder, rules, "sync", "judged"))).stdout).toMatch(
      /1 as they were, 0 copied .* 1 refused\n$/,
    );

    writeFileSync(policy, JSON.stringify({ setuid: ["tool"] }));
    expect(await run(command(folder, rules, "sync", "judged"))).toMatchObject({ code: 0 });
    expect(await tags()).toContain("setuid");
  });

  test("a source that is out of reach is an error in one line", async () => {
    const folder = cleanup.temporaryFolder();
    const argv = command(folder, { r: { from: "east", to: "west" } }, "sync", "r");
    const registries = { east: { url: `http://127.0.0.1:${await freePort()}` }, west: { url: at(west).url } };
    writeFileSync(
      join(folder, "registry.yaml"),
      JSON.stringify({ registries, rules: { r: { from: "east", to: "west" } } }),
    );
    const { code, stderr } = await run(argv);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: registry 127\.0\.0\.1:\d+: GET _catalog: no answer: .*\n$/),
    ]);
  });
});
