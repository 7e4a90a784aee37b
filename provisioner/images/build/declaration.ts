/*
 * What an image is to be:
 *
 *   base: debian:12@sha256:…
 *   packages: [nginx, openssl=3.0.*]
 *   files: [{ from: nginx.conf, to: /etc/nginx/nginx.conf, mode: "0640", owner: "root:www-data" }]
 *   users: [{ name: web, uid: 1000, sshKeys: ["ssh-ed25519 AAAA… somebody"] }]
 */
import { dirname, resolve } from "node:path";
import { openConfigFile } from "../../../core/runtime/config.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import { Mapping, type Where } from "../../host/mapping.ts";
import { parseImage } from "../../machines/parse-spec.ts";

export interface ImageDeclaration {
  /** What paths of `files` begin at. */
  readonly folder: string;
  readonly base: string;
  /** Undefined where nothing is to be installed. */
  readonly manager: PackageManager | undefined;
  readonly packages: readonly string[];
  readonly files: readonly CopiedFile[];
  readonly users: readonly ImageUser[];
  /** `8080/tcp`. */
  readonly ports: readonly string[];
  readonly environment: readonly (readonly [string, string])[];
  readonly labels: readonly (readonly [string, string])[];
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly command: readonly string[];
  readonly health: HealthCheck | undefined;
  /** Our first process in front of the command. */
  readonly init: boolean;
  /** A server for keys alone. */
  readonly ssh: boolean;
  /** The image whose agent is copied in. */
  readonly agent: string | undefined;
  readonly policyFile: string | undefined;
}

export type PackageManager = "apt" | "apk";

export interface CopiedFile {
  readonly from: string;
  readonly to: string;
  /** Of files; a folder's is that its files can be reached. As on disk unless told. */
  readonly mode: number | undefined;
  /** `user[:group]`, by name or number. */
  readonly owner: string;
}

export interface ImageUser {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  readonly shell: string;
  /** Beside the one of their own. */
  readonly groups: readonly string[];
  readonly sshKeys: readonly string[];
}

export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly retries: number;
}

const KEYS = [
  ...["base", "packageManager", "packages", "files", "users", "ports", "environment", "labels"],
  ...["workdir", "user", "command", "health", "init", "ssh", "agent", "policy"],
] as const;
const FILE_KEYS = ["from", "to", "mode", "owner"] as const;
const USER_KEYS = ["name", "uid", "home", "shell", "groups", "sshKeys"] as const;
const HEALTH_KEYS = ["command", "interval", "timeout", "startPeriod", "retries"] as const;
type Top = Mapping<(typeof KEYS)[number]>;

/** Nothing in these means anything to a shell or to a builder, and so none has to be quoted. */
const PATH = /^\/[A-Za-z0-9._@%+,:=~ /-]*$/;
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
const OWNER = /^(?:[a-z_][a-z0-9_-]{0,31}|\d{1,9})(?::(?:[a-z_][a-z0-9_-]{0,31}|\d{1,9}))?$/;
const PACKAGE = /^[a-z0-9][A-Za-z0-9.+_-]*(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~*_-]+)?$/;
const KEY =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d{3}|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,3}(?: [^\r\n]*)?$/;
/** Of images, by the last part of their names. */
const MANAGERS: readonly (readonly [RegExp, PackageManager])[] = [
  [/^(?:debian|ubuntu|plimsoll-machine)$|-(?:debian|ubuntu)$/, "apt"],
  [/^alpine$|-alpine$/, "apk"],
];
const MAX_UID = 2 ** 31;

export async function readDeclaration(file: string): Promise<ImageDeclaration> {
  const { values, place } = await openConfigFile(file);
  return parseDeclaration(file, values, (...keys) => `image ${place(...keys)}`);
}

/** Throws UsageError naming the option that is wrong. */
export function parseDeclaration(
  file: string,
  values: Readonly<Record<string, unknown>>,
  where: Where = `image ${file}`,
): ImageDeclaration {
  const top: Top = new Mapping(where, "", values, KEYS);
  const base = parseReference(top, "base") ?? top.text("base");
  const packages = fitting(top, "packages", PACKAGE, "a package, as nginx or nginx=1.22.*");
  const [init, ssh] = [top.flag("init", false), top.flag("ssh", false)];
  const needsManager = ssh || packages.length > 0;
  const command = top.texts("command", "words");
  // Docker forgets a base's command where there is a new entry point.
  if (init && !ssh && command.length === 0) top.refuse("command", "is needed with init");
  const health = top.mapping("health", HEALTH_KEYS);
  return {
    folder: dirname(resolve(file)),
    ...{ base, packages, init, ssh, command },
    manager: needsManager ? parseManager(top, base) : undefined,
    files: top.mappings("files", FILE_KEYS).map(parseFile),
    users: parseUsers(top),
    ports: top.texts("ports", "ports as 8080/tcp").map((port) => parsePort(top, port)),
    environment: parseEntries(top, "environment", /^[A-Za-z_]\w*$/),
    labels: parseEntries(top, "labels", /^[A-Za-z0-9][A-Za-z0-9._/-]*$/),
    workdir: top.optionalText("workdir") === undefined ? undefined : parsePath(top, "workdir"),
    user: fitting(top, "user", OWNER, "a user, as app or 1000:1000")[0],
    health: health && parseHealth(health),
    agent: parseReference(top, "agent"),
    policyFile: top.optionalText("policy") === undefined ? undefined : top.path("policy"),
  };
}

function parseReference(top: Top, key: "base" | "agent"): string | undefined {
  const text = top.optionalText(key);
  if (text === undefined) return undefined;
  try {
    return parseImage(text);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    return top.refuse(key, `${JSON.stringify(text)} is not the name of an image`);
  }
}

function parseManager(top: Top, base: string): PackageManager {
  const text = top.optionalText("packageManager");
  if (text === "apt" || text === "apk") return text;
  if (text !== undefined) return top.refuse("packageManager", "one of apt, apk");
  const [name = ""] = (base.split("/").at(-1) ?? "").split(/[:@]/);
  const [, manager] = MANAGERS.find(([known]) => known.test(name)) ?? [];
  return manager ?? top.refuse("packageManager", `is needed: ${base} does not tell it; apt or apk`);
}

/** One text or a list, each of which fits. */
function fitting<Key extends string>(
  mapping: Mapping<Key>,
  key: Key,
  pattern: RegExp,
  what: string,
): readonly string[] {
  const texts = mapping.texts(key);
  const wrong = texts.find((text) => !pattern.test(text));
  return wrong === undefined ? texts : mapping.refuse(key, `${JSON.stringify(wrong)} is not ${what}`);
}

function parseFile(file: Mapping<(typeof FILE_KEYS)[number]>): CopiedFile {
  const from = file.text("from");
  const to = parsePath(file, "to");
  const mode = file.optionalText("mode");
  if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode))
    file.refuse("mode", `${JSON.stringify(mode)} is not three octal digits in quotes, as "0640"`);
  return {
    from,
    // As cp has it: into a folder, under its own name.
    to: to.endsWith("/") ? checkPath(file, "to", to + (from.split("/").findLast(Boolean) ?? "")) : to,
    mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
    owner: fitting(file, "owner", OWNER, "an owner, as app:app or 0:0")[0] ?? "0:0",
  };
}

function parsePath<Key extends string>(mapping: Mapping<Key>, key: Key, preset?: string): string {
  return checkPath(mapping, key, mapping.path(key, preset));
}

function checkPath<Key extends string>(mapping: Mapping<Key>, key: Key, path: string): string {
  if (PATH.test(path) && !path.split("/").includes("..")) return path;
  const hint = "letters, digits, spaces and ._@%+,:=~- without ..";
  return mapping.refuse(key, `${JSON.stringify(path)} is not a path in an image: ${hint}`);
}

function parseUsers(top: Top): readonly ImageUser[] {
  const users = top.mappings("users", USER_KEYS).map(parseUser);
  const isTwice = ({ name, uid }: ImageUser, at: number): boolean =>
    users.slice(0, at).some((other) => other.name === name || other.uid === uid);
  const twice = users.find(isTwice);
  return twice === undefined ? users : top.refuse("users", `${twice.name} or its uid is there twice`);
}

function parseUser(user: Mapping<(typeof USER_KEYS)[number]>): ImageUser {
  const name = user.text("name");
  if (!NAME.test(name)) user.refuse("name", `${JSON.stringify(name)} is not the name of a user`);
  const uid = user.number("uid", 0, 1, MAX_UID);
  if (!Number.isInteger(uid) || uid === 0) user.refuse("uid", "is needed: a whole number of 1 or more");
  const home = parsePath(user, "home", `/home/${name}`).replace(/\/+$/, "");
  const shell = parsePath(user, "shell", "/bin/sh");
  // They are fields of /etc/passwd.
  for (const [key, path] of [
    ["home", home],
    ["shell", shell],
  ] as const)
    if (path === "" || /[: ]/.test(path)) user.refuse(key, "cannot be / or have colons or spaces");
  const groups = [...new Set(fitting(user, "groups", NAME, "the name of a group"))];
  if (groups.includes(name)) user.refuse("groups", `${name} is the user's own`);
  return { name, uid, home, shell, groups, sshKeys: fitting(user, "sshKeys", KEY, "a public key of ssh") };
}

function parsePort(top: Top, text: string): string {
  const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const isPort = port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
  return isPort
    ? `${Number(port)}/${protocol}`
    : top.refuse("ports", `${JSON.stringify(text)} is not a port, as 8080/tcp`);
}

function parseEntries(
  top: Top,
  key: "environment" | "labels",
  name: RegExp,
): readonly (readonly [string, string])[] {
  const entries = top.entries(key);
  const unnamed = entries.find(([each]) => !name.test(each));
  if (unnamed !== undefined) top.refuse(key, `${JSON.stringify(unnamed[0])} is not a name`);
  const broken = entries.find(([, value]) => /[\r\n\0]/.test(value));
  if (broken !== undefined) top.refuse(key, `${broken[0]}: must be of one line`);
  return entries;
}

function parseHealth(health: Mapping<(typeof HEALTH_KEYS)[number]>): HealthCheck {
  const command = health.texts("command", "words");
  if (command.length === 0) health.refuse("command", "is needed");
  const duration = (key: "interval" | "timeout" | "startPeriod", preset: string): number =>
    parseDuration(health.nameOf(key), health.text(key, preset));
  const retries = health.number("retries", 3, 1, 1000);
  if (!Number.isInteger(retries)) health.refuse("retries", "must be a whole number");
  return {
    command,
    intervalMs: duration("interval", "30s"),
    timeoutMs: duration("timeout", "5s"),
    startPeriodMs: duration("startPeriod", "10s"),
    retries,
  };
}
