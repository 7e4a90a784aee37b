import { existsSync } from "node:fs";
import { readHostConfig } from "../host/config.ts";
import { Registry } from "../registry/client.ts";
import { parseImageReference } from "../registry/names.ts";
import { findRegistry } from "../registry/replication/rules.ts";
import { withImageOfDocker } from "./from-docker.ts";
import { readFromLayout } from "./from-layout.ts";
import { readFromRegistry } from "./from-registry.ts";
import type { Image } from "./image.ts";

/** The engine's own images: `docker:debian:12`. */
const DOCKER = "docker:";
/** What an operator may call one by. */
export const IMAGE_HELP =
  "HOST/REPOSITORY:TAG, docker:NAME, or a path: what docker save wrote, an OCI layout";

/** An image wherever it is, while `use` looks at it. `config` names the users of registries. */
export async function withImage<T>(
  name: string,
  { platform, config }: { readonly platform: string; readonly config?: string },
  signal: AbortSignal,
  use: (image: Image) => Promise<T>,
): Promise<T> {
  if (name.startsWith(DOCKER)) {
    const { docker } = await readHostConfig(undefined);
    return withImageOfDocker(docker, name.slice(DOCKER.length), platform, signal, use);
  }
  if (existsSync(name)) return use(await readFromLayout(name, platform));
  const reference = parseImageReference(name);
  const registry = new Registry(await findRegistry(config, reference.registry));
  try {
    return await use(await readFromRegistry(registry, reference, platform));
  } finally {
    await registry.close();
  }
}
