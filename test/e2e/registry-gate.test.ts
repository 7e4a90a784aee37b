import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import { Registry } from "../../provisioner/registry/client.ts";
import { Cleanup } from "../support/cleanup.ts";
import { startDocker } from "../support/docker.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, isRoot, testIf } from "../support/host.ts";
import { makeTar } from "../support/make-tar.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { SyntheticImages } from "../support/synthetic-images.ts";
import { waitFor } from "../support/wait-for.ts";

/** A policy before Debian's docker-registry; skopeo and dockerd push. */
describeIf(...[hasCommand("docker-registry"), hasCommand("skopeo"), hasCommand("openssl")])(
  "a registry with a policy",
  () => {
    const cleanup = new Cleanup();
    afterAll(() => cleanup.run());
    const folder = cleanup.temporaryFolder();
    const server = join(folder, "server.yaml");
    let host = "";
    let up: RunningProgram;

    const plimsoll = (...args: readonly string[]): Promise<ExecResult> =>
      exec(programArgv("plimsoll", "registry", ...args, "--server", server), {
        okCodes: [0, 1, 2],
        timeoutMs: 60_000,
      });
    const withStore = ["--store", join(folder, "state.db")];

    beforeAll(async () => {
      host = `127.0.0.1:${await freePort()}`;
      mkdirSync(join(folder, "data"));
      writeFileSync(
        join(folder, "policy.yaml"),
        "setuid: [usr/bin/passwd]\npackages: { forbidden: [telnet*] }\n",
      );
      const declaration = {
        name: "registry.test",
        folder: join(folder, "registry"),
        replicas: { a: { address: host } },
        storage: { filesystem: { folder: join(folder, "data") } },
        policy: join(folder, "policy.yaml"),
      };
      writeFileSync(server, JSON.stringify(declaration));
      expect(await plimsoll("init")).toMatchObject({ code: 0, stderr: "" });
      up = startProgram(cleanup, programArgv("plimsoll", "registry", "up", "--server", server, ...withStore));
      await up.waitForLine(/"msg":"serves"/, 30_000);
    });

    /** An OCI layout with one layer, as skopeo names it. */
    async function layout(...entries: Parameters<typeof makeTar>[0][number][]): Promise<string> {
      const at = cleanup.temporaryFolder();
      writeFileSync(join(at, "layer.tar"), makeTar(entries));
      await exec(["skopeo", "copy", `tarball:${at}/layer.tar`, `oci:${at}/layout:v1`]);
      return `oci:${at}/layout:v1`;
    }
    async function copy(from: string, to: string): Promise<string> {
      const argv = ["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", from, to];
      const { code, stderr } = await exec(argv, { okCodes: [0, 1] });
      return code === 0 ? "done" : stderr;
    }
    const client = (): Registry => {
      const registry = new Registry({ url: `http://${host}` });
      cleanup.add("client", () => registry.close());
      return registry;
    };

    test("what the policy refuses is not pushed, and skopeo says why; what it lets through is what was pushed", async () => {
      const good = await layout({ name: "usr/bin/passwd", mode: 0o4755, content: "x" });
      expect(await copy(good, `docker://${host}/team/app:good`)).toBe("done");
      expect(await copy(`docker://${host}/team/app:good`, `oci:${cleanup.temporaryFolder()}:x`)).toBe("done");
      const setuid = await layout({ name: "usr/bin/su", mode: 0o4755, content: "x" });
      expect(await copy(setuid, `docker://${host}/team/app:bad`)).toMatch(
        /denied: the policy refuses team\/app:bad: setuid-not-allowed: usr\/bin\/su \(4755\)/,
      );
      const status = "Package: telnetd\nStatus: install ok installed\nVersion: 0.17\n";
      const telnet = await layout({ name: "var/lib/dpkg/status", content: status });
      expect(await copy(telnet, `docker://${host}/team/app:bad`)).toMatch(/package-forbidden: telnetd 0\.17/);
      expect(await client().tags("team/app")).toEqual(["good"]);
      expect((await plimsoll("gc", ...withStore)).stdout).toMatch(/blobs of [1-9]\d* bytes freed/);
      expect(await copy(`docker://${host}/team/app:good`, `oci:${cleanup.temporaryFolder()}:x`)).toBe("done");
    });

    test("layers in chunks of zstd are read, and encrypted ones refused", async () => {
      const at = cleanup.temporaryFolder();
      const make = async (mode: number, name: string, ...options: readonly string[]): Promise<string> => {
        writeFileSync(join(at, "layer.tar"), makeTar([{ name: "usr/bin/su", mode, content: "x" }]));
        await exec(["skopeo", "copy", ...options, `tarball:${at}/layer.tar`, `oci:${at}/${name}:v1`]);
        return `oci:${at}/${name}:v1`;
      };
      const push = (from: string): Promise<string> => copy(from, `docker://${host}/team/kinds:v1`);
      const chunked = ["--dest-compress-format", "zstd:chunked"];
      expect(await push(await make(0o4755, "bad", ...chunked))).toMatch(/setuid-not-allowed: usr\/bin\/su/);
      expect(await push(await make(0o755, "good", ...chunked))).toBe("done");
      const [key, recipient] = [join(at, "key.pem"), join(at, "public.pem")];
      await exec(["openssl", "genrsa", "-out", key, "2048"]);
      await exec(["openssl", "rsa", "-in", key, "-pubout", "-out", recipient]);
      const secret = await make(0o755, "secret", "--encryption-key", `jwe:${recipient}`);
      expect(await push(secret)).toMatch(/denied: cannot be looked into: .* is encrypted/);
    });

    test("a policy that is broken lets nothing through; log and status say so, and when it is over", async () => {
      const policy = join(folder, "policy.yaml");
      const good = readFileSync(policy, "utf8");
      const image = await layout({ name: "etc/motd", content: "another" });
      writeFileSync(policy, "setuid: [");
      await up.waitForLine(/the policy cannot be followed: nothing is pushed until it can/, 10_000);
      expect(await copy(image, `docker://${host}/team/other:later`)).toMatch(/503 Service Unavailable/);
      const status = async (): Promise<string> => (await plimsoll("status", ...withStore)).stdout;
      await waitFor(
        "status",
        async () => /a: nothing can be pushed: .*policy\.yaml/.test(await status()),
        20_000,
      );
      writeFileSync(policy, good);
      await up.waitForLine(/the policy can be followed again/, 10_000);
      expect(await copy(image, `docker://${host}/team/other:later`)).toBe("done");
      await waitFor("status", async () => !(await status()).includes("nothing can be pushed"), 20_000);
    });

    test("nobody else comes to the registry itself: it listens at a socket in a folder of its own", async () => {
      const stat = execFileSync("stat", ["-c", "%a %F", join(folder, "registry/behind-a")], {
        encoding: "utf8",
      });
      expect(stat.trim()).toBe("700 directory");
    });

    test("the gate goes with the registry, and comes with it", async () => {
      const starts = (): number => up.lines.filter((line) => line.includes('"msg":"serves"')).length;
      const before = starts();
      const children = readFileSync(`/proc/${up.pid}/task/${up.pid}/children`, "utf8");
      process.kill(Number(/^\d+/.exec(children)?.[0]), "SIGKILL"); // throws where there is none
      await up.waitForLine(/registry ended by itself/, 10_000);
      await waitFor("another start", () => starts() > before, 30_000);
      const images = new SyntheticImages(`http://${host}`);
      cleanup.add("images", () => images.registry.close());
      await expect(images.put("team/app", "noise", 4_000_000)).rejects.toThrow(
        /DENIED: cannot be looked into/,
      );
      expect(await client().tags("team/app")).toEqual(["good"]);
    });

    testIf(isRoot, hasCommand("dockerd"))("docker push shows the reason", async () => {
      const docker = await startDocker(cleanup);
      const archive = join(folder, "root.tar");
      const run = (...args: readonly string[]): Promise<ExecResult> =>
        exec(["docker", "--config", folder, ...args], {
          env: docker.env,
          okCodes: [0, 1],
          timeoutMs: 60_000,
        });
      writeFileSync(archive, makeTar([{ name: "usr/bin/su", mode: 0o4755, content: "x" }]));
      await run("import", archive, `${host}/team/made:bad`);
      writeFileSync(archive, makeTar([{ name: "etc/motd", content: "hello" }]));
      await run("import", archive, `${host}/team/made:good`);
      expect(await run("push", `${host}/team/made:bad`)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /denied: the policy refuses team\/made:bad: setuid-not-allowed: usr\/bin\/su/,
        ),
      });
      expect(await run("push", `${host}/team/made:good`)).toMatchObject({ code: 0 });
      expect(await client().tags("team/made")).toEqual(["good"]);
      await run("rmi", `${host}/team/made:good`);
      expect(await run("pull", `${host}/team/made:good`)).toMatchObject({ code: 0 });
    });
  },
);
