import type { Command } from "commander";
import { createCommand, exitWith, withExamples } from "../../../core/runtime/command-line.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import { EXIT } from "../../../core/runtime/program.ts";
import { readHostConfig } from "../../host/config.ts";
import { parseImage } from "../../machines/parse-spec.ts";
import { DEFAULT_FILE, findRegistry } from "../../registry/replication/rules.ts";
import { readPolicy } from "../policy.ts";
import { checkedDocument, renderChecked } from "../render.ts";
import { type BuildReport, buildImage } from "./build.ts";
import { readContext } from "./context.ts";
import { type ImageDeclaration, readDeclaration } from "./declaration.ts";
import { renderDockerfile } from "./render-dockerfile.ts";

interface BuildOptions {
  readonly tag?: string;
  readonly dryRun?: true;
  readonly push?: true;
  readonly pinned?: true;
  readonly policy?: string;
  readonly config?: string;
  readonly platform: string;
  readonly json?: true;
}

export function imageBuild(signal: AbortSignal, platform: string): Command {
  const command = createCommand("build", "build an image from a declaration: base, packages, files, users …")
    .argument("<file>", "what the image is to be; paths of files begin where it is")
    .option("--tag <name>", "NAME:TAG, or HOST[:PORT]/NAME:TAG of a registry")
    .option("--dry-run", "print the Dockerfile, and build nothing")
    .option("--push", "and push it to the registry of its tag")
    .option("--pinned", "refuse a base without a digest")
    .option("--policy <file>", "what it must be like; unless told, policy: of the file")
    .option("--config <file>", `users of registries; PLIMSOLL_REGISTRY_CONFIG, else ${DEFAULT_FILE}`)
    .option("--platform <os/arch>", "which image of an index the policy is for", platform)
    .option("--json", "print JSON")
    .action(async (file: string, options: BuildOptions) => {
      const image = await readDeclaration(file);
      checkOptions(file, image, options);
      const policyFile = options.policy ?? image.policyFile;
      const policy = policyFile === undefined ? undefined : await readPolicy(policyFile);
      const dockerfile = renderDockerfile(image);
      if (options.dryRun) {
        readContext(image, dockerfile); // what cannot be copied is told now
        process.stdout.write(options.json ? `${JSON.stringify({ dockerfile })}\n` : dockerfile);
        return;
      }
      const report = await buildImage({
        ...{ file, image, policy, signal, tag: options.tag, platform: options.platform },
        socketPath: (await readHostConfig(undefined)).docker,
        push: options.push === true,
        findRegistry: (url) => findRegistry(options.config, url),
        onText: (text) => void (options.json || process.stderr.write(text)),
      });
      process.stdout.write(options.json ? `${JSON.stringify(documentOf(report))}\n` : render(report));
      exitWith(report.id === undefined ? EXIT.failed : EXIT.done);
    });
  return withExamples(command, [
    ["plimsoll image build web.yaml --dry-run", "the Dockerfile, the same for the same file"],
    ["plimsoll image build web.yaml --tag registry.example/team/web:v1 --push", "built, named, pushed"],
    [
      "plimsoll image build web.yaml --tag web:v1 --policy policy.yaml",
      "exit code 1, and no image, where it refuses it",
    ],
  ]);
}

function checkOptions(file: string, { base }: ImageDeclaration, { tag, push, pinned }: BuildOptions): void {
  if (tag !== undefined && (!isName(tag) || tag.includes("@")))
    throw new UsageError(`--tag: ${JSON.stringify(tag)} is not NAME:TAG or HOST[:PORT]/NAME:TAG`);
  if (push && (tag === undefined || !/^(?:[^/]*[.:][^/]*|localhost)\//.test(tag)))
    throw new UsageError("--push: needs --tag with the host of a registry");
  if (pinned && !base.includes("@"))
    throw new UsageError(`image ${file}: base: ${base} has no digest`, {
      hint: "write NAME@sha256:DIGEST; plimsoll image check tells the digest of an image",
    });
}

function isName(tag: string): boolean {
  try {
    parseImage(tag);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

function documentOf({ id, tag, checked }: BuildReport): object {
  return { id: id ?? null, tag: tag ?? null, ...(checked && { check: checkedDocument(checked) }) };
}

function render({ id, tag, checked }: BuildReport): string {
  const said = checked === undefined ? "" : renderChecked(checked);
  return id === undefined ? said : `${said}built ${id}${tag === undefined ? "" : `, ${tag}`}\n`;
}
