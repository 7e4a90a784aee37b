import { cpSync, createReadStream, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "undici";
import { exec } from "../../core/runtime/exec.ts";
import { openDockerEngine } from "../../provisioner/docker/engine.ts";
import { Cleanup } from "./cleanup.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

export interface PrivateDocker {
  readonly socket: string;
  /** For child processes: which engine to talk to. */
  readonly env: Readonly<Record<string, string>>;
  /** Its containers stop; with SIGKILL what it was about is broken off. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** It takes requests, and answers none until it may go on. */
  pause(): void;
  resume(): void;
}

/** Starts a Docker engine of the test's own: no network, nothing of it shared with one that the machine runs. `more` are dockerd's. */
export function startDocker(cleanup: Cleanup, ...more: readonly string[]): Promise<PrivateDocker> {
  return startDockerInside(cleanup, [], ...more);
}

/** `inside`: what a command begins with that is run where the engine is to be. */
export async function startDockerInside(
  cleanup: Cleanup,
  inside: readonly string[],
  ...more: readonly string[]
): Promise<PrivateDocker> {
  const folder = cleanup.temporaryFolder();
  const socket = join(folder, "docker.sock");
  const roots = [
    "--data-root",
    join(folder, "data"),
    "--exec-root",
    join(folder, "exec"),
    "-p",
    join(folder, "pid"),
  ];
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  // What dockerd leaves: its data, bound to itself where / is not a shared mount, and the host's network
  // where a container had that. 32: it did not.
  for (const mount of ["data", "exec/netns/default"]) {
    const unmount = ["umount", join(folder, mount)];
    cleanup.add(`dockerd's ${mount}`, async () => void (await exec(unmount, { okCodes: [0, 32] })));
  }
  // One that was started anew ends no sooner than the first would have.
  const engines = new Cleanup();
  const start = (): RunningProgram =>
    startProgram(engines, [
      ...[...inside, "dockerd", ...roots],
      ...["-H", `unix://${socket}`, ...network, ...more],
    ]);
  let dockerd = start();
  let isPaused = false;
  const signal = (pauses: boolean): void => {
    if (pauses === isPaused) return; // perhaps it has ended: its pid may be another's
    process.kill(dockerd.pid, pauses ? "SIGSTOP" : "SIGCONT");
    isPaused = pauses;
  };
  cleanup.add("dockerd", async () => {
    signal(false);
    await dockerd.stop("SIGTERM");
    await engines.run();
  });
  const engine = openDockerEngine(socket);
  cleanup.add("docker connection", () => engine.close());
  const answers = (): Promise<true | undefined> =>
    engine
      .hasImage("none:none")
      .then(() => true as const)
      .catch(() => undefined);
  await waitFor("the Docker engine", answers, 60_000);
  return {
    socket,
    env: { DOCKER_HOST: `unix://${socket}` },
    pause: () => signal(true),
    resume: () => signal(false),
    restart: async (reason = "SIGTERM") => {
      await dockerd.stop(reason);
      // Of its containerd, which dies with it: what is in /run does not outlive a power failure, and else it
      // would be looked for among the living.
      if (reason === "SIGKILL") rmSync(join(folder, "exec/containerd"), { recursive: true, force: true });
      dockerd = start();
      await waitFor("the Docker engine again", answers, 60_000);
    },
  };
}

/**
 * Imports a minimal image out of this machine's own programs and their libraries, since none can be
 * pulled: a shell, the tools that the comparison runs, and what the node binary is linked to.
 */
export async function importImage(cleanup: Cleanup, docker: PrivateDocker, name: string): Promise<void> {
  const root = cleanup.temporaryFolder();
  for (const folder of ["proc", "sys", "tmp", "etc", "usr/bin"])
    mkdirSync(join(root, folder), { recursive: true });
  symlinkSync("usr/bin", join(root, "bin"));
  for (const command of [
    "sh",
    "env",
    "cat",
    "head",
    "grep",
    "ls",
    "readlink",
    "dirname",
    "sleep",
    "free",
    "nproc",
    "uptime",
    "top",
  ]) {
    await copyProgram(root, command);
  }
  await copyLibraries(root, process.execPath);
  for (const terminfo of ["lib/terminfo/d/dumb", "lib/terminfo/l/linux"]) {
    if (existsSync(join("/", terminfo)))
      cpSync(join("/", terminfo), join(root, terminfo), { recursive: true });
  }
  const archive = join(cleanup.temporaryFolder(), "image.tar");
  await exec(["tar", "-C", root, "-cf", archive, "."]);
  const engine = new Client("http://docker", { socketPath: docker.socket });
  try {
    const query = new URLSearchParams({ fromSrc: "-", ...repositoryAndTag(name) });
    const headers = { "content-type": "application/x-tar" };
    const path = `/images/create?${query}`;
    const { statusCode, body } = await engine.request({
      method: "POST",
      path,
      headers,
      body: createReadStream(archive),
    });
    const answer = await body.text();
    if (statusCode !== 200) throw new Error(`import of ${name}: ${answer}`);
  } finally {
    await engine.close();
  }
}

function repositoryAndTag(name: string): Record<string, string> {
  const [repo = name, tag = "latest"] = name.split(":");
  return { repo, tag };
}

async function copyProgram(root: string, command: string): Promise<void> {
  const path = realpathSync((await exec(["which", command])).stdout.trim());
  cpSync(path, join(root, "usr/bin", command));
  await copyLibraries(root, path);
}

async function copyLibraries(root: string, program: string): Promise<void> {
  const { stdout } = await exec(["ldd", program]);
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(realpathSync(library), join(root, library));
  }
}
