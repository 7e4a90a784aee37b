import type { Command } from "commander";
import { systemClock } from "../../core/runtime/clock.ts";
import { createCommand, withExamples } from "../../core/runtime/command-line.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { DEFAULT_FILE } from "../registry/replication/rules.ts";
import type { Image } from "./image.ts";
import { inspectLayers } from "./inspect.ts";
import { IMAGE_HELP, withImage } from "./open-image.ts";
import { renderSbom } from "./sbom.ts";

interface SbomOptions {
  readonly config?: string;
  readonly platform: string;
}

export function imageSbom(signal: AbortSignal, platform: string): Command {
  const command = createCommand("sbom", "list what is installed in an image, as CycloneDX 1.6 in JSON")
    .argument("<image>", IMAGE_HELP)
    .option("--config <file>", `users of registries; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--platform <os/arch>", "which image of an index", platform)
    .action(async (name: string, options: SbomOptions) => {
      const text = await withImage(name, options, signal, describe);
      process.stdout.write(`${text}\n`);
    });
  return withExamples(command, [
    ["plimsoll image sbom registry.example/team/app:v1 > app.cdx.json", "by package URLs"],
  ]);
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
