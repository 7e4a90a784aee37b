import type { RegistryAccess } from "../../registry/connection.ts";
import { parseImageReference } from "../../registry/names.ts";
import { checkImage, type RuleId } from "../check.ts";
import { EngineImages, type RegistryUser } from "../engine-images.ts";
import { withImageOfDocker } from "../from-docker.ts";
import { parseFromDockerfile } from "../from-dockerfile.ts";
import { inspectLayers } from "../inspect.ts";
import type { ImagePolicy } from "../policy.ts";
import type { CheckedImage } from "../render.ts";
import { writeTar } from "../write-tar.ts";
import { readContext } from "./context.ts";
import type { ImageDeclaration } from "./declaration.ts";
import { renderDockerfile } from "./render-dockerfile.ts";

export interface BuildRequest {
  /** For messages. */
  readonly file: string;
  readonly image: ImageDeclaration;
  readonly policy: ImagePolicy | undefined;
  readonly socketPath: string;
  readonly platform: string;
  readonly tag: string | undefined;
  readonly push: boolean;
  readonly signal: AbortSignal;
  /** How a registry is reached, by its URL. */
  findRegistry(url: string): Promise<RegistryAccess>;
  onText(text: string): void;
}

export interface BuildReport {
  /** Undefined where the policy refuses it: then there is none. */
  readonly id?: string;
  readonly tag?: string;
  readonly checked?: CheckedImage;
}

/** What no base can mend. What one may bring along is looked at when the image is there. */
const EARLY: readonly RuleId[] = ["package-forbidden", "package-not-allowed", "port-not-allowed", "secret"];

/** What is refused gets no name, is not left in the engine, and goes to no registry. */
export async function buildImage(request: BuildRequest): Promise<BuildReport> {
  const { image, policy, tag, signal } = request;
  const dockerfile = renderDockerfile(image);
  const early = policy && checkEarly(request.file, policy, dockerfile);
  if (early !== undefined && early.violations.length > 0) return { checked: early };
  const entries = readContext(image, dockerfile);
  const engine = new EngineImages(request.socketPath);
  try {
    const id = await engine.build(writeTar(entries), {
      ...{ what: `image ${request.file}`, signal, onText: request.onText },
      users: await usersOf(request),
    });
    const checked = policy && (await checkBuilt(policy, request, id));
    if (checked !== undefined && checked.violations.length > 0) {
      await engine.removeNameless(id);
      return { checked };
    }
    if (tag !== undefined) await engine.tag(id, tag);
    if (tag !== undefined && request.push)
      await engine.push(tag, (await registryOf(request, tag))?.credentials, signal);
    return { id, ...(tag !== undefined && { tag }), ...(checked !== undefined && { checked }) };
  } finally {
    await engine.close();
  }
}

function checkEarly(file: string, policy: ImagePolicy, dockerfile: string): CheckedImage {
  const { image, files } = parseFromDockerfile(file, dockerfile);
  const violations = checkImage(policy, image, files).filter(({ rule }) => EARLY.includes(rule));
  return { image, files, violations };
}

function checkBuilt(
  policy: ImagePolicy,
  { socketPath, platform, signal, tag }: BuildRequest,
  id: string,
): Promise<CheckedImage> {
  return withImageOfDocker(socketPath, id, platform, signal, async (found) => {
    const image = { ...found, name: tag ?? id };
    const files = await inspectLayers(image.layers);
    return { image, files, violations: checkImage(policy, image, files) };
  });
}

/** Of the registries that the build pulls from. */
async function usersOf(request: BuildRequest): Promise<readonly RegistryUser[]> {
  const { base, agent } = request.image;
  const names = [base, ...(agent === undefined ? [] : [agent])];
  const found = await Promise.all(names.map((name) => registryOf(request, name)));
  return found.flatMap((access) =>
    access?.credentials === undefined
      ? []
      : [{ host: new URL(access.url).host, credentials: access.credentials }],
  );
}

/** Undefined for a name that has no registry in it: the engine knows where that is. */
async function registryOf(request: BuildRequest, name: string): Promise<RegistryAccess | undefined> {
  const [first = "", ...rest] = name.split("/");
  if (rest.length === 0 || !/[.:]|^localhost$/.test(first)) return undefined;
  // A digest says all that a tag beside it says.
  const { registry } = parseImageReference(name.replace(/:[^/:@]+@/, "@"));
  return request.findRegistry(registry);
}
