import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { programArgv, type RunningProgram, startProgram } from "./run-program.ts";
import { SyntheticImages } from "./synthetic-images.ts";

/** What this machine's own engine runs is not asked. */
const NO_ENGINE = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

/** A registry that `init` has made. */
export interface Server {
  /** `127.0.0.1:port` of each replica. */
  readonly hosts: Readonly<Record<string, string>>;
  run(...args: readonly string[]): Promise<ExecResult>;
  start(...args: readonly string[]): RunningProgram;
  /** After `init`; a registry with tokens knows it at once. */
  passwd(user: string, password: string): Promise<void>;
  /** A replica that answers. */
  up(replica: string): Promise<RunningProgram>;
  /** `rm` and `retain`, by these rules. */
  remove(retention: object, ...args: readonly string[]): Promise<ExecResult>;
  clientOf(replica: string): SyntheticImages;
}

/** Declares it and has `init` make it; `more` of its declaration. */
export async function declareServer(
  cleanup: Cleanup,
  replicas: readonly string[],
  more: object = {},
): Promise<Server> {
  const folder = cleanup.temporaryFolder();
  const hosts: Record<string, string> = {};
  for (const name of replicas) hosts[name] = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(folder, "data"));
  const declaration = {
    name: "registry.test",
    folder: join(folder, "registry"),
    replicas: Object.fromEntries(replicas.map((name) => [name, { address: hosts[name] }])),
    storage: { filesystem: { folder: join(folder, "data"), shared: true } },
    ...more,
  };
  writeFileSync(join(folder, "server.yaml"), JSON.stringify(declaration));
  const given = ["--server", join(folder, "server.yaml")];
  const stored = ["--store", join(folder, "state.db")];
  const argv = ([verb = "", ...args]: readonly string[]): readonly string[] =>
    programArgv(
      "plimsoll",
      "registry",
      verb,
      ...args,
      ...given,
      ...(["up", "gc", "status"].includes(verb) ? stored : []),
    );
  const run = (asked: readonly string[]): Promise<ExecResult> =>
    exec(asked, { okCodes: [0, 1, 2, 3], timeoutMs: 110_000, env: NO_ENGINE });
  const server: Server = {
    hosts,
    run: (...args) => run(argv(args)),
    start: (...args) => startProgram(cleanup, argv(args)),
    passwd: async (user, password) => {
      await exec(argv(["passwd", user]), { input: `${password}\n` });
    },
    up: async (replica) => {
      const program = server.start("up", "--replica", replica);
      await program.waitForLine(/"msg":"serves"/, 30_000);
      return program;
    },
    remove: (retention, ...args) => {
      const registries = Object.fromEntries(replicas.map((name) => [name, { url: `http://${hosts[name]}` }]));
      writeFileSync(join(folder, "registry.yaml"), JSON.stringify({ registries, retention }));
      const configured = ["--config", join(folder, "registry.yaml"), "--store", join(folder, "images.db")];
      return run(programArgv("plimsoll", "registry", ...args, ...configured));
    },
    clientOf: (replica) => {
      const client = new SyntheticImages(`http://${hosts[replica]}`);
      cleanup.add("client", () => client.registry.close());
      return client;
    },
  };
  expect(await server.run("init")).toMatchObject({ code: 0, stderr: "" });
  return server;
}

/** By skopeo, which looks at each digest; into a folder of its own, as an OCI layout. Resolves to that. */
export async function pullImage(cleanup: Cleanup, host: string | undefined, image: string): Promise<string> {
  const layout = `oci:${cleanup.temporaryFolder()}:x`;
  await exec(["skopeo", "copy", "--all", "--src-tls-verify=false", `docker://${host}/${image}`, layout]);
  return layout;
}
