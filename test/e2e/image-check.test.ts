import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { describeIf, hasCommand } from "../support/host.ts";
import { IMAGE_LAB, ImageLab } from "../support/image-lab.ts";
import { makeTar } from "../support/make-tar.ts";

/** An image with this machine's dpkg database, in an engine, in a file, and in a registry. */
describeIf(...IMAGE_LAB, hasCommand("dpkg-query"))("plimsoll image check", () => {
  const cleanup = new Cleanup();
  let lab: ImageLab;
  beforeAll(async () => {
    lab = await ImageLab.open(cleanup);
    const { folder } = lab;
    const status = readFileSync("/var/lib/dpkg/status");
    const entries = [
      { name: "var/lib/dpkg/status", content: status },
      { name: "bin/tool", mode: 0o4755, content: "tool" },
    ];
    writeFileSync(join(folder, "root.tar"), makeTar(entries));
    const changes = ["--change", "USER app", "--change", "EXPOSE 22", "--change", "LABEL owner=team"];
    await lab.cli("import", ...changes, join(folder, "root.tar"), "app:v1");
    const dockerfile = "FROM app:v1\nCOPY --chown=0 root.tar /\nENV DB_PASSWORD=x\n";
    writeFileSync(join(folder, "Dockerfile"), dockerfile);
    await lab.cli("build", "-t", "app:v2", folder);
  }, 120_000);
  afterAll(() => cleanup.run());

  function check(image: string, policy: object, ...args: readonly string[]): Promise<ExecResult> {
    return lab.image("check", image, "--policy", lab.write("policy.json", policy), ...args);
  }

  test("an engine's image: the packages are those that dpkg-query lists", async () => {
    const { stdout } = await check("docker:app:v1", {}, "--json");
    const format = ["", "db:Status-Status} ", "Package} ", "Version}\n"].join("${");
    const installed = execFileSync("dpkg-query", ["-W", "-f", format], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.startsWith("installed "))
      .map((line) => line.slice("installed ".length));
    const packages: readonly { name: string; version: string }[] = JSON.parse(stdout).packages;
    expect(packages.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(installed.sort());
  });

  test("the same of an engine, of what docker save wrote, of an OCI layout, and of a registry", async () => {
    const { folder } = lab;
    const archive = join(folder, "app.tar");
    await lab.cli("save", "-o", archive, "app:v2");
    const registry = await startDockerRegistry(cleanup);
    const copy = ["skopeo", "copy", "--dest-tls-verify=false", `docker-archive:${archive}`];
    await exec([...copy, `docker://${registry.host}/app:v2`]);
    await exec([...copy, `oci:${folder}/layout:v2`]);

    const policy = {
      packages: { forbidden: ["dpkg<1", "apt>=1"] },
      ...{
        ports: ["80"],
        users: { forbidden: ["root"] },
        setuid: [],
        labels: ["owner", "licence"],
        secrets: {},
      },
    };
    for (const image of ["docker:app:v2", archive, `${folder}/layout`, `${registry.host}/app:v2`]) {
      const { code, stdout } = await check(image, policy, "--json");
      const rules = JSON.parse(stdout).violations.map(({ rule }: { rule: string }) => rule);
      expect([image, code, ...rules]).toEqual([
        ...[
          image,
          1,
          "package-forbidden",
          "port-not-allowed",
          "setuid-not-allowed",
          "label-missing",
          "secret",
        ],
      ]);
    }
  }, 60_000);

  test("what is installed as an SBOM, valid by its schema, with dpkg's own packages in it", async () => {
    const { stdout } = await lab.image("sbom", "docker:app:v1");
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(stdout)).toBeNull();
    const { components } = JSON.parse(stdout);
    const version = execFileSync("dpkg-query", ["-W", "-f", ["", "Version}"].join("${"), "dpkg"], {
      encoding: "utf8",
    });
    const found = components.find(({ name }: { name: string }) => name === "dpkg");
    expect(found).toMatchObject({
      version,
      purl: expect.stringMatching(/^pkg:deb\/debian\/dpkg@.*[?&]arch=/),
    });
  });

  test("an image as the policy wants it, and one that is not there", async () => {
    expect((await check("docker:app:v1", { labels: ["owner"], setuid: ["bin/tool"] })).code).toBe(0);
    const { code, stderr } = await check("docker:none:v1", {});
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: docker: GET \/images\/none:v1\/get: /),
    ]);
  });
});
