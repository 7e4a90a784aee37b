import type { CopiedFile, HealthCheck, ImageDeclaration, ImageUser, PackageManager } from "./declaration.ts";

/** The image that the agent is taken out of, as a stage. */
const AGENT_STAGE = "plimsoll";
const INIT = "/usr/local/sbin/plimsoll-init";
const SSHD_CONFIG = "/etc/ssh/sshd_config.d/plimsoll.conf";
const BASE_NAME = "org.opencontainers.image.base.name";
const BASE_DIGEST = "org.opencontainers.image.base.digest";
/** Host keys are of the container, never of the image. */
const SERVE_SSH = "mkdir -p /run/sshd && ssh-keygen -A && exec /usr/sbin/sshd -D -e";
const SSH_PORT = "22/tcp";

/** Where things are in the build's context. */
export const CONTEXT = {
  init: "plimsoll-init",
  sshd: "sshd.conf",
  file: (at: number): string => `files/${at}`,
  /** What is in it is below the folder that the user's home is in. */
  homes: (at: number): string => `homes/${at}`,
} as const;

/** Equal declarations give equal texts. Only what the declaration's grammar lets through is in it without quotes. */
export function renderDockerfile(image: ImageDeclaration): string {
  const { base, agent, init, ssh, manager } = image;
  const lines = [
    ...(agent === undefined ? [] : [`FROM ${agent} AS ${AGENT_STAGE}`]),
    `FROM ${base}`,
    ...(manager === undefined ? [] : renderPackages(manager, packagesOf(image, manager))),
    ...(agent === undefined ? [] : renderAgent()),
    ...(init ? [copy(CONTEXT.init, INIT)] : []),
    ...(ssh ? [copy(CONTEXT.sshd, SSHD_CONFIG)] : []),
    ...image.users.flatMap(renderUser),
    ...image.users.flatMap(renderGroups),
    ...image.files.map(renderFile),
    ...renderMetadata(image),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function packagesOf({ packages, ssh }: ImageDeclaration, manager: PackageManager): readonly string[] {
  const server = manager === "apt" ? "openssh-server" : "openssh";
  const isThere = packages.some((each) => each.split("=")[0] === server);
  return [...packages, ...(ssh && !isThere ? [server] : [])];
}

function renderPackages(manager: PackageManager, packages: readonly string[]): readonly string[] {
  // A version's * is apt's, not the shell's.
  const words = packages.map((each) => (each.includes("*") ? `'${each}'` : each)).join(" ");
  const forgetKeys = "rm -f /etc/ssh/ssh_host_*";
  if (manager === "apk") return [`RUN apk add --no-cache ${words} \\`, ` && ${forgetKeys}`];
  return [
    "RUN apt-get update \\",
    ` && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${words} \\`,
    ` && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin && ${forgetKeys}`,
  ];
}

function renderAgent(): readonly string[] {
  const from = `COPY --from=${AGENT_STAGE}`;
  return [
    `${from} ["/opt/plimsoll", "/opt/plimsoll"]`,
    `${from} ["/usr/local/bin/node", "/usr/local/bin/node"]`,
    "RUN ln -sf /opt/plimsoll/bin/plimsoll-agent /usr/local/bin/plimsoll-agent",
  ];
}

/**
 * Written, not made by useradd: that writes the day into /etc/shadow, and is not in every image. A password
 * that is * opens nothing, and leaves the account open to keys.
 */
function renderUser({ name, uid, home, shell }: ImageUser, at: number): readonly string[] {
  const parent = home.slice(0, home.lastIndexOf("/")) || "/";
  return [
    `RUN ! grep -q -e '^${name}:' -e '^[^:]*:[^:]*:${uid}:' /etc/passwd /etc/group \\`,
    ` && echo '${name}:x:${uid}:${uid}::${home}:${shell}' >> /etc/passwd \\`,
    ` && echo '${name}:x:${uid}:' >> /etc/group \\`,
    ` && echo '${name}:*:::::::' >> /etc/shadow \\`,
    ` && mkdir -p ${parent}`,
    copy(CONTEXT.homes(at), parent, `${uid}:${uid}`),
  ];
}

/** Of the base, of a package, or another user's own: one that is not there is refused. */
function renderGroups({ name, groups }: ImageUser): readonly string[] {
  return groups.map(
    (group) =>
      `RUN grep -q '^${group}:' /etc/group && sed -i '/^${group}:/{s/$/,${name}/;s/:,/:/}' /etc/group`,
  );
}

function renderFile({ to, owner }: CopiedFile, at: number): string {
  return copy(CONTEXT.file(at), to, owner === "0:0" ? undefined : owner);
}

function copy(from: string, to: string, owner?: string): string {
  return `COPY ${owner === undefined ? "" : `--chown=${owner} `}${renderWords([from, to])}`;
}

function renderMetadata(image: ImageDeclaration): readonly string[] {
  const { environment, ssh, workdir, user, health, init } = image;
  const ports = [...new Set([...image.ports, ...(ssh ? [SSH_PORT] : [])])];
  const command = image.command.length === 0 && ssh ? ["/bin/sh", "-c", SERVE_SSH] : image.command;
  return [
    ...environment.map(([name, value]) => `ENV ${name}=${quote(value)}`),
    ...labelsOf(image).map(([name, value]) => `LABEL ${name}=${quote(value)}`),
    ...(ports.length > 0 ? [`EXPOSE ${ports.join(" ")}`] : []),
    ...(workdir === undefined ? [] : [`WORKDIR ${workdir}`]),
    ...(health === undefined ? [] : [renderHealth(health)]),
    ...(user === undefined ? [] : [`USER ${user}`]),
    ...(init ? [`ENTRYPOINT ${renderWords([INIT])}`] : []),
    ...(command.length > 0 ? [`CMD ${renderWords(command)}`] : []),
  ];
}

/** What a policy asks for a base by is there without being written. */
function labelsOf({ base, labels }: ImageDeclaration): readonly (readonly [string, string])[] {
  const [name = "", digest] = base.split("@");
  const own = [[BASE_NAME, name] as const, ...(digest === undefined ? [] : [[BASE_DIGEST, digest] as const])];
  return [...own.filter(([key]) => !labels.some(([given]) => given === key)), ...labels];
}

function renderHealth({ command, intervalMs, timeoutMs, startPeriodMs, retries }: HealthCheck): string {
  const times = [
    `--interval=${intervalMs / 1000}s --timeout=${timeoutMs / 1000}s`,
    `--start-period=${startPeriodMs / 1000}s --retries=${retries}`,
  ];
  return `HEALTHCHECK ${times.join(" ")} CMD ${renderWords(command)}`;
}

function renderWords(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}

/** Of a Dockerfile: what the builder would replace, or end a text at, stands for itself. */
function quote(value: string): string {
  return `"${value.replaceAll(/[\\"$]/g, "\\$&")}"`;
}
