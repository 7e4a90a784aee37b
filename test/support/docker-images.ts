import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import type { PrivateDocker } from "./docker.ts";

/** Kept between runs and shared by checkouts: a Debian without anything takes half a minute to make. */
const CACHE = "/var/cache/plimsoll-lab";
const DEBIAN = "debian:bookworm-slim";
const NODE = `node:${process.versions.node.split(".")[0]}-bookworm-slim`;
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const BUILD_MS = 600_000;

/**
 * The images that the Dockerfile starts from, by the names it knows them by, made of Debian's packages
 * and of this machine's Node.js and npm: a test's engine reaches no registry of images.
 */
export async function importBaseImages(cleanup: Cleanup, docker: PrivateDocker): Promise<void> {
  await importDebian(docker, DEBIAN);
  const context = cleanup.temporaryFolder();
  const local = join(context, "usr/local");
  mkdirSync(join(local, "lib/node_modules"), { recursive: true });
  mkdirSync(join(local, "bin"));
  cpSync(process.execPath, join(local, "bin/node"));
  cpSync(npmFolder(), join(local, "lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
  if (existsSync(CERTIFICATES)) {
    mkdirSync(join(context, dirname(CERTIFICATES)), { recursive: true });
    cpSync(CERTIFICATES, join(context, CERTIFICATES), { dereference: true });
  }
  const lines = [`FROM ${DEBIAN}`, "COPY . /", `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`];
  writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
  await buildImage(docker, context, NODE);
}

/** Debian 12 without anything that can be left out. */
export async function importDebian(docker: PrivateDocker, name: string): Promise<void> {
  await exec(["docker", "import", await debianArchive(), name], { env: docker.env, timeoutMs: BUILD_MS });
}

/** `docker build`; the steps share this machine's network, since the engine has none of its own. */
export async function buildImage(
  docker: PrivateDocker,
  context: string,
  tag: string,
  ...options: readonly string[]
): Promise<void> {
  const argv = ["docker", "build", "--network", "host", "-t", tag, ...options, context];
  await exec(argv, { env: docker.env, timeoutMs: BUILD_MS });
}

async function debianArchive(): Promise<string> {
  const archive = join(CACHE, "debian-bookworm.tar");
  if (existsSync(archive)) return archive;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(`${CACHE}/debootstrap-`);
  try {
    const root = join(work, "root");
    await exec(["debootstrap", "--variant=minbase", "bookworm", root], { timeoutMs: BUILD_MS });
    const whole = join(work, "archive.tar");
    // As in the image of that name: without what apt can fetch again.
    const without = ["./var/lib/apt/lists/*", "./var/cache/apt/*"].map((path) => `--exclude=${path}`);
    await exec(["tar", "-C", root, ...without, "-cf", whole, "."], { timeoutMs: BUILD_MS });
    renameSync(whole, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

function npmFolder(): string {
  const modules = execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim();
  return join(modules, "npm");
}
