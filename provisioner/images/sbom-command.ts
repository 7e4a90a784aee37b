import type { Command } from "commander";
import { systemClock } from "../../core/runtime/clock.ts";
import { createCommand, withExamples } from "../../core/runtime/command-line.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { Registry } from "../registry/client.ts";
import { parseImageReference } from "../registry/names.ts";
import { DEFAULT_FILE, findRegistry } from "../registry/replication/rules.ts";
import { attachSbom } from "./attach-sbom.ts";
import { readFromRegistry } from "./from-registry.ts";
import type { Image } from "./image.ts";
import { inspectLayers } from "./inspect.ts";
import { IMAGE_HELP, withImage } from "./open-image.ts";
import { renderSbom } from "./sbom.ts";

interface SbomOptions {
  readonly config?: string;
  readonly platform: string;
  readonly attach?: true;
}

export function imageSbom(signal: AbortSignal, platform: string): Command {
  const command = createCommand("sbom", "list what is installed in an image, as CycloneDX 1.6 in JSON")
    .argument("<image>", IMAGE_HELP)
    .option("--attach", "keep it in the image's registry, as what is said of the image")
    .option("--config <file>", `users of registries; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--platform <os/arch>", "which image of an index", platform)
    .action(async (name: string, options: SbomOptions) => {
      const text = options.attach
        ? await attach(name, options)
        : await withImage(name, options, signal, describe);
      process.stdout.write(`${text}\n`);
    });
  return withExamples(command, [
    ["plimsoll image sbom registry.example/team/app:v1 > app.cdx.json", "by package URLs"],
    ["plimsoll image sbom registry.example/team/app:v1 --attach", "prints the digest of what it has pushed"],
  ]);
}

async function attach(name: string, { config, platform }: SbomOptions): Promise<string> {
  const reference = parseImageReference(name);
  const registry = new Registry(await findRegistry(config, reference.registry));
  try {
    const image = await readFromRegistry(registry, reference, platform);
    const text = await describe(image);
    return await attachSbom(registry, reference.repository, image.digest, text, systemClock.nowMs());
  } finally {
    await registry.close();
  }
}

async function describe(image: Image): Promise<string> {
  const files = await inspectLayers(image.layers);
  const [unreadable] = files.unreadable;
  if (unreadable !== undefined)
    throw new PlimsollError(
      "IMAGE",
      `image ${image.name}: ${unreadable} cannot be read: a list would not be whole`,
    );
  return renderSbom(image, files, systemClock.nowMs());
}
