import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { packageDirectory } from "../../core/runtime/version.ts";
import { Cleanup } from "../support/cleanup.ts";
import { type PrivateRegistry, startDockerRegistry } from "../support/docker-registry.ts";
import { SyntheticImages } from "../support/synthetic-images.ts";

/*
 * One repository of many tags, from one registry to another: `plimsoll registry sync` beside `skopeo
 * sync`, each into a registry of its own that is empty, and then once more with nothing to do. In the end
 * all digests are compared.
 */

const TAGS = 1000;
const LAYER_BYTES = 20_000;
const AT_ONCE = 8;
const TIMEOUT_MS = 1_800_000;

const cleanup = new Cleanup();
try {
  const [source, ours, theirs] = [await start(), await start(), await start()];
  const tags = Array.from({ length: TAGS }, (_, at) => `v${at}`);
  await fill(source, tags);
  const folder = cleanup.temporaryFolder();
  const plimsoll = plimsollCommand(folder, source, ours);
  const skopeo = [
    ...["skopeo", "sync", "--all", "--src", "docker", "--dest", "docker"],
    ...[
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      `${source.host}/bench/app`,
      `${theirs.host}/bench`,
    ],
  ];
  console.log(`${TAGS} tags                  plimsoll s   skopeo s   ratio`);
  for (const name of ["full copy", "nothing to do"]) {
    const [seconds, otherSeconds] = [await time(plimsoll), await time(skopeo)];
    const columns = [seconds.toFixed(1).padStart(10), otherSeconds.toFixed(1).padStart(11)];
    console.log(`${name.padEnd(24)}${columns.join("")}${(seconds / otherSeconds).toFixed(2).padStart(8)}`);
  }
  const different = await countDifferent(source, [ours, theirs], tags);
  console.log(`digests that differ: ${different}`);
  if (different > 0) process.exitCode = 1;
} finally {
  await cleanup.run();
}

function start(): Promise<PrivateRegistry> {
  return startDockerRegistry(cleanup);
}

async function fill({ url }: PrivateRegistry, tags: readonly string[]): Promise<void> {
  const images = new SyntheticImages(url);
  try {
    for (let at = 0; at < tags.length; at += AT_ONCE)
      await Promise.all(tags.slice(at, at + AT_ONCE).map((tag) => images.put("bench/app", tag, LAYER_BYTES)));
  } finally {
    await images.registry.close();
  }
}

function plimsollCommand(folder: string, from: PrivateRegistry, to: PrivateRegistry): readonly string[] {
  const config = join(folder, "registry.json");
  const registries = { from: { url: from.url }, to: { url: to.url } };
  writeFileSync(config, JSON.stringify({ registries, rules: { bench: { from: "from", to: "to" } } }));
  const given = ["--config", config, "--store", join(folder, "state.db")];
  return [join(packageDirectory(), "bin/plimsoll"), "registry", "sync", "bench", ...given];
}

async function time(argv: readonly string[]): Promise<number> {
  const startMs = performance.now();
  await exec(argv, { timeoutMs: TIMEOUT_MS });
  return (performance.now() - startMs) / 1000;
}

async function countDifferent(
  source: PrivateRegistry,
  copies: readonly PrivateRegistry[],
  tags: readonly string[],
): Promise<number> {
  const clients = [source, ...copies].map(({ url }) => new SyntheticImages(url).registry);
  let different = 0;
  for (const tag of tags) {
    const digests = await Promise.all(clients.map((client) => client.digestOf("bench/app", tag)));
    if (digests[0] === undefined || digests.some((digest) => digest !== digests[0])) different++;
  }
  await Promise.all(clients.map((client) => client.close()));
  return different;
}
