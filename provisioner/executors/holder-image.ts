import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";
import type { DockerEngine } from "../docker/engine.ts";

/** All that a holder does. */
const PROGRAMS = ["/usr/bin/sleep", "/bin/sleep"];

/**
 * The image of holders, made out of the host's own sleep(1) and the libraries it is linked to: 2 MB,
 * no registry needed. Named after the program, so that another one makes another image.
 */
export async function ensureHolderImage(docker: DockerEngine, run: Exec = exec): Promise<string> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined)
    throw new PlimsollError("HOLDER_IMAGE", "holder image: no sleep(1) on this host");
  const digest = createHash("sha256").update(readFileSync(program)).digest("hex").slice(0, 12);
  const name = `plimsoll-holder:${digest}`;
  if (await docker.hasImage(name)) return name;
  const libraries = parseLibraries((await run(["ldd", program], { okCodes: [0, 1] })).stdout);
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-holder-"));
  try {
    const archive = join(folder, "image.tar");
    const paths = [program, ...libraries].map((path) => path.slice(1));
    // -h: files as what they are, where the host has symbolic links.
    await run(["tar", "-chf", archive, "-C", "/", ...paths]);
    const entry = `ENTRYPOINT ${JSON.stringify([program, "infinity"])}`;
    await docker.importImage(createReadStream(archive), name, [entry]);
    return name;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files that ldd(1) names: `libc.so.6 => /lib/…/libc.so.6 (0x…)`, `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
export function parseLibraries(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|=> |\t)(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
}
