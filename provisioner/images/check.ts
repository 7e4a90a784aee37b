import type { Image } from "./image.ts";
import type { ImageFiles } from "./inspect.ts";
import type { InstalledPackage } from "./packages.ts";
import type { ImagePolicy, PackageRule } from "./policy.ts";
import { isSecretVariable } from "./secrets.ts";

/** What a policy can find, and what it means. */
export const RULES = {
  "package-forbidden": "A package that the policy forbids is installed.",
  "package-not-allowed": "A package that is not on the policy's list is installed.",
  "packages-unreadable":
    "There is a package database that cannot be read, so that nothing is known of its packages.",
  "port-not-allowed": "The image exposes a port that is not on the policy's list.",
  "user-not-allowed": "The image's program runs as a user that the policy refuses.",
  "setuid-not-allowed": "A file gives its owner's or its group's rights to whoever runs it.",
  "base-not-allowed": "The image is not known to be built from a base that the policy allows.",
  "too-large": "The layers of the image are larger than the policy allows.",
  "label-missing": "A label that the policy requires is not there.",
  secret: "A file of a layer, or the environment, has what looks like a secret.",
  "path-escape": "An entry of a layer leads out of the image.",
} as const;
export type RuleId = keyof typeof RULES;

export interface Violation {
  readonly rule: RuleId;
  readonly message: string;
  /** In the image. */
  readonly path?: string;
}

const BASE_NAME = "org.opencontainers.image.base.name";
const BASE_DIGEST = "org.opencontainers.image.base.digest";

/** All that is not as the policy wants it, in the order of RULES. */
export function checkImage(policy: ImagePolicy, image: Image, files: ImageFiles): readonly Violation[] {
  return [
    ...checkPackages(policy, files),
    ...checkPorts(policy, image),
    ...checkUser(policy, image),
    ...checkSetuid(policy, files),
    ...checkBase(policy, image),
    ...checkSize(policy, image),
    ...checkLabels(policy, image),
    ...checkSecrets(policy, image, files),
    // Whatever a policy says: no honest image has one.
    ...files.escapes.map(({ name, layer }) =>
      violation("path-escape", `${JSON.stringify(name)} leads out of the image, in ${layer}`),
    ),
  ];
}

function violation(rule: RuleId, message: string, path?: string): Violation {
  return { rule, message, ...(path !== undefined && { path }) };
}

function checkPackages({ packages }: ImagePolicy, files: ImageFiles): readonly Violation[] {
  if (packages === undefined) return [];
  const { allowed, forbidden } = packages;
  const first = (
    rules: readonly PackageRule[],
    at: ImageFiles["packages"][number],
  ): PackageRule | undefined => rules.find((rule) => rule.matches(at));
  const sorted = files.packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    ...sorted.flatMap((each) => {
      const rule = first(forbidden, each);
      return rule ? [violation("package-forbidden", `${nameOf(each)} (${rule.text})`)] : [];
    }),
    ...sorted
      .filter((each) => allowed !== undefined && first(allowed, each) === undefined)
      .map((each) => violation("package-not-allowed", nameOf(each))),
    ...files.unreadable.map((path) => violation("packages-unreadable", path, path)),
  ];
}

function nameOf({ name, version }: InstalledPackage): string {
  return version === "" ? name : `${name} ${version}`;
}

function checkPorts({ ports }: ImagePolicy, { config }: Image): readonly Violation[] {
  const refused = config.exposedPorts.filter((port) => ports !== undefined && !ports.includes(port));
  return refused.map((port) => violation("port-not-allowed", port));
}

function checkUser({ users }: ImagePolicy, { config }: Image): readonly Violation[] {
  if (users === undefined) return [];
  const [name = ""] = config.user.split(":");
  // Nobody, number 0 and root are the same user.
  const user = ["", "0"].includes(name) ? "root" : name;
  const isFit = users.allowed?.(user) !== false && !users.forbidden.includes(user);
  return isFit ? [] : [violation("user-not-allowed", user)];
}

function checkSetuid({ setuid }: ImagePolicy, { setuid: found }: ImageFiles): readonly Violation[] {
  return found
    .filter(({ path }) => setuid?.(path) === false)
    .map(({ path, mode }) =>
      violation("setuid-not-allowed", `${path} (${(mode & 0o7777).toString(8)})`, path),
    );
}

/** By what its builder says, or by its lowest layer: the former may be a lie, the latter cannot. */
function checkBase({ bases }: ImagePolicy, { config, base }: Image): readonly Violation[] {
  if (bases === undefined) return [];
  const known = [base, config.labels[BASE_NAME], config.labels[BASE_DIGEST], config.diffIds[0]].flatMap(
    (each) => each ?? [],
  );
  return known.some(bases)
    ? []
    : [violation("base-not-allowed", known.join(", ") || "nothing is known of it")];
}

function checkSize({ maxBytes }: ImagePolicy, { layers }: Image): readonly Violation[] {
  const bytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return maxBytes !== undefined && bytes > maxBytes
    ? [violation("too-large", `${bytes} bytes, ${maxBytes} are allowed`)]
    : [];
}

function checkLabels({ labels = [] }: ImagePolicy, { config }: Image): readonly Violation[] {
  return labels.filter((name) => !config.labels[name]).map((name) => violation("label-missing", name));
}

function checkSecrets(
  { secretsAllowed }: ImagePolicy,
  { config }: Image,
  files: ImageFiles,
): readonly Violation[] {
  if (secretsAllowed === undefined) return [];
  return [
    ...config.env
      .filter(isSecretVariable)
      .map((assignment) => violation("secret", `environment variable ${assignment.split("=")[0]}`)),
    ...files.secrets
      .filter(({ path }) => !secretsAllowed(path))
      .map(({ path, kind, layer }) => violation("secret", `${path}: ${kind}, in ${layer}`, path)),
  ];
}
