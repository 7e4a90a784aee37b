import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ExecResult, exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { type PrivateDocker, startDocker } from "./docker.ts";
import { type Condition, hasCommand, isRoot } from "./host.ts";
import { programArgv } from "./run-program.ts";

export const IMAGE_LAB: readonly Condition[] = [
  isRoot,
  ...["dockerd", "docker", "runc", "docker-registry", "skopeo"].map(hasCommand),
];

/** A Docker engine, `plimsoll image …` that talks to it, and a folder for what both are given. */
export class ImageLab {
  readonly folder: string;
  readonly docker: PrivateDocker;
  /** Of `plimsoll`. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(folder: string, docker: PrivateDocker) {
    this.folder = folder;
    this.docker = docker;
    this.env = { PLIMSOLL_HOST_CONFIG: this.write("host.json", { docker: docker.socket }) };
  }

  static async open(cleanup: Cleanup): Promise<ImageLab> {
    return new ImageLab(cleanup.temporaryFolder(), await startDocker(cleanup));
  }

  /** A document, as JSON. Returns its path. */
  write(name: string, value: object): string {
    const path = join(this.folder, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  }

  argv(...args: readonly string[]): readonly string[] {
    return programArgv("plimsoll", "image", ...args);
  }

  /** `plimsoll image …` to its end, whatever its exit code. */
  image(...args: readonly string[]): Promise<ExecResult> {
    return exec(this.argv(...args), { env: this.env, okCodes: [0, 1, 2, 3], timeoutMs: 120_000 });
  }

  /** What `docker …` prints. */
  async cli(...args: readonly string[]): Promise<string> {
    const { stdout } = await exec(["docker", ...args], { env: this.docker.env, timeoutMs: 120_000 });
    return stdout.trim();
  }
}
