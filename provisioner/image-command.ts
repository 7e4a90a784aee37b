import { existsSync } from "node:fs";
import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../core/runtime/command-line.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { EXIT } from "../core/runtime/program.ts";
import { imageBuild } from "./images/build/command.ts";
import { checkImage } from "./images/check.ts";
import { isDockerfile, readFromDockerfile } from "./images/from-dockerfile.ts";
import { enginePlatform, type Image } from "./images/image.ts";
import { inspectLayers } from "./images/inspect.ts";
import { withImage } from "./images/open-image.ts";
import { DEFAULT_POLICY, type ImagePolicy, readPolicy } from "./images/policy.ts";
import { type CheckedImage, checkedDocument, renderChecked, sarifDocument } from "./images/render.ts";
import { imageSbom } from "./images/sbom-command.ts";
import { imageWarm } from "./images/warm/commands.ts";
import { DEFAULT_FILE } from "./registry/replication/rules.ts";

const PLATFORM = enginePlatform();

/** `plimsoll image`: what is in images, and whether it may be. */
export function imageCommand(signal: AbortSignal): Command {
  const command = createCommand("image", "build images, have them on hosts, and say what is in them");
  command
    .addCommand(imageCheck(signal))
    .addCommand(imageSbom(signal, PLATFORM))
    .addCommand(imageBuild(signal, PLATFORM))
    .addCommand(imageWarm(signal, PLATFORM));
  return withExamples(command, [
    [
      "plimsoll image build web.yaml --tag web:v1",
      "of a base, with packages, files, users and a health check",
    ],
    ["plimsoll image check registry.example/team/app:v1", "against the policy of this host"],
  ]);
}

interface CheckOptions {
  readonly policy?: string;
  readonly config?: string;
  readonly platform: string;
  readonly format: string;
  readonly json?: true;
}

const RENDER: Readonly<Record<string, (checked: CheckedImage) => string>> = {
  table: renderChecked,
  json: (checked) => `${JSON.stringify(checkedDocument(checked))}\n`,
  sarif: (checked) => `${JSON.stringify(sarifDocument(checked))}\n`,
};

function imageCheck(signal: AbortSignal): Command {
  const command = createCommand(
    "check",
    "read an image's layers, and compare with a policy; nothing of it is run",
  )
    .argument(
      "<image>",
      "HOST/REPOSITORY:TAG, docker:NAME, or a path: a Dockerfile, what docker save wrote, an OCI layout",
    )
    .option("--policy <file>", `what images must be like; PLIMSOLL_IMAGE_POLICY, else ${DEFAULT_POLICY}`)
    .option("--config <file>", `users of registries; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--platform <os/arch>", "which image of an index", PLATFORM)
    .option("--format <format>", `${Object.keys(RENDER).join(", ")}`, "table")
    .option("--json", "short for --format json")
    .action(async (name: string, options: CheckOptions) => {
      const format = options.json ? "json" : options.format;
      const render = RENDER[format];
      if (render === undefined)
        throw new UsageError(
          `--format: ${JSON.stringify(format)} is not one of ${Object.keys(RENDER).join(", ")}`,
        );
      const policy = await readPolicy(options.policy);
      const checked =
        isDockerfile(name) && existsSync(name)
          ? judge(policy, readFromDockerfile(name))
          : await withImage(name, options, signal, (image) => inspect(policy, image));
      process.stdout.write(render(checked));
      exitWith(checked.violations.length === 0 ? EXIT.done : EXIT.failed);
    });
  return withExamples(command, [
    [
      "plimsoll image check docker:app:latest --policy policy.yaml",
      "exit code 1 where the policy refuses it",
    ],
    ["plimsoll image check ./app.tar --format sarif", "for code scanners"],
  ]);
}

async function inspect(policy: ImagePolicy, image: Image): Promise<CheckedImage> {
  return judge(policy, { image, files: await inspectLayers(image.layers) });
}

function judge(policy: ImagePolicy, { image, files }: Omit<CheckedImage, "violations">): CheckedImage {
  return { image, files, violations: checkImage(policy, image, files) };
}
