import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { digestOf } from "../registry/digest-check.ts";
import { type Instruction, parseDockerfile } from "./dockerfile.ts";
import type { Image } from "./image.ts";
import type { ImageFiles } from "./inspect.ts";
import { findInstalls } from "./installs.ts";
import type { InstalledPackage } from "./packages.ts";

export function isDockerfile(path: string): boolean {
  return /^(?:Docker|Container)file(?:\..+)?$|\.(?:docker|container)file$/i.test(basename(path));
}

interface Stage {
  readonly base: string;
  user: string;
  readonly variables: Map<string, string>;
  readonly env: Map<string, string>;
  readonly labels: Map<string, string>;
  readonly ports: Set<string>;
  readonly packages: InstalledPackage[];
}

/** What the last stage of a Dockerfile says of the image it makes. What its base brings along is not known. */
export function readFromDockerfile(path: string): { readonly image: Image; readonly files: ImageFiles } {
  return parseFromDockerfile(path, readFileSync(path, "utf8"));
}

export function parseFromDockerfile(
  path: string,
  text: string,
): { readonly image: Image; readonly files: ImageFiles } {
  const stage = lastStage(path, parseDockerfile(path, text));
  const config = {
    exposedPorts: [...stage.ports],
    user: stage.user,
    env: [...stage.env].map(([name, value]) => `${name}=${value}`),
    labels: Object.fromEntries(stage.labels),
    diffIds: [],
  };
  const image = { name: path, digest: digestOf(Buffer.from(text)), config, layers: [], base: stage.base };
  return { image, files: { packages: stage.packages, unreadable: [], setuid: [], secrets: [], escapes: [] } };
}

function lastStage(path: string, instructions: readonly Instruction[]): Stage {
  const globals = new Map<string, string>();
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const instruction of instructions) {
    if (instruction.name === "FROM") stage = readFrom(substitute(instruction.text, globals), stages);
    else if (stage !== undefined) apply(stage, globals, instruction);
    else if (instruction.name === "ARG")
      setAll(globals, instruction.text, (value) => substitute(value, globals));
    else throw new PlimsollError("IMAGE", `${path}:${instruction.line}: ${instruction.name} before FROM`);
  }
  if (stage === undefined) throw new PlimsollError("IMAGE", `${path}: has no FROM`);
  return stage;
}

/** `--platform=… debian:12 AS build`. A stage is known by its number, and by its name. */
function readFrom(text: string, stages: Map<string, Stage>): Stage {
  const [base = "", , name] = text.split(/\s+/).filter((word) => !word.startsWith("--"));
  const stage = openStage(base, stages.get(base.toLowerCase()));
  const number = [...stages.keys()].filter((key) => /^\d+$/.test(key)).length;
  stages.set(String(number), stage);
  if (name !== undefined) stages.set(name.toLowerCase(), stage);
  return stage;
}

function setAll(into: Map<string, string>, text: string, meant: (value: string) => string): void {
  for (const [name, value] of pairs(text)) into.set(meant(name), meant(value));
}

/** One that is built upon goes on where that ended. */
function openStage(base: string, before: Stage | undefined): Stage {
  return {
    base: before?.base ?? base,
    user: before?.user ?? "",
    variables: new Map(before?.env),
    env: new Map(before?.env),
    labels: new Map(before?.labels),
    ports: new Set(before?.ports),
    packages: [...(before?.packages ?? [])],
  };
}

function apply(stage: Stage, globals: ReadonlyMap<string, string>, { name, text }: Instruction): void {
  const meant = (value: string): string => substitute(value, stage.variables);
  switch (name) {
    case "ARG":
      for (const [key, value] of pairs(text))
        stage.variables.set(key, meant(value) || (globals.get(key) ?? ""));
      break;
    case "ENV":
      for (const map of [stage.env, stage.variables]) setAll(map, text, meant);
      break;
    case "LABEL":
      setAll(stage.labels, text, meant);
      break;
    case "EXPOSE":
      for (const port of meant(text).split(/\s+/)) stage.ports.add(port.includes("/") ? port : `${port}/tcp`);
      break;
    case "USER":
      stage.user = meant(text);
      break;
    case "RUN":
      stage.packages.push(...findInstalls(meant(text)));
      break;
    default: // says nothing that a policy looks at
  }
}

/** `a=1 b="two words"`, or in the old form `a all the rest`; an ARG may be a name alone. */
function pairs(text: string): readonly (readonly [string, string])[] {
  const [, name = "", rest] = /^([^\s=]+)(?:\s+([^=]*))?$/.exec(text) ?? [];
  if (name !== "") return [[unquote(name), unquote(rest ?? "")]];
  const found = text.matchAll(
    /((?:"[^"]*"|'[^']*'|[^\s=])+)(?:=((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'])*))?/g,
  );
  return [...found].map(([, key = "", value = ""]) => [unquote(key), unquote(value)]);
}

function unquote(text: string): string {
  return text.replaceAll(
    /"((?:\\.|[^"\\])*)"|'([^']*)'/g,
    (_, double, single) => double?.replaceAll(/\\(.)/g, "$1") ?? single,
  );
}

/** `$NAME`, `${NAME}`, `${NAME:-otherwise}`; what is not known stays as it is. */
function substitute(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g, (whole, plain, braced, otherwise) => {
    return (variables.get(plain ?? braced) || otherwise) ?? whole;
  });
}
