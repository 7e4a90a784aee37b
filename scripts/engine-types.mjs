/**
 * `node scripts/engine-types.mjs DOCUMENT…`: writes core/runtime/engine-types.ts from the OpenAPI documents (Swagger 2.0)
 * of the Docker Engine API, which are `api/swagger.yaml` in Moby's sources and in Debian's golang-github-docker-docker-dev.
 * Given the documents of the oldest and of the newest engine, the types are what holds for both.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";

const FILE = fileURLToPath(new URL("../core/runtime/engine-types.ts", import.meta.url));

/** A property that is no object, nor has one inside. */
const ALL = true;

const LIMITS = { Memory: ALL, MemorySwap: ALL, CpuPeriod: ALL, CpuQuota: ALL, CpusetCpus: ALL };

/** What we read of an operation's answer and what we say in its request's body; the rest is left out. */
const OPERATIONS = {
  SystemVersion: { answer: { ApiVersion: ALL, MinAPIVersion: ALL } },
  SystemInfo: {
    answer: {
      ...{ ServerVersion: ALL, Driver: ALL, DriverStatus: ALL, DockerRootDir: ALL },
      ...{ Containers: ALL, ContainersRunning: ALL, Images: ALL, LiveRestoreEnabled: ALL },
    },
  },
  SystemEvents: { answer: { Type: ALL, Action: ALL, Actor: { ID: ALL, Attributes: ALL }, timeNano: ALL } },
  ContainerList: {
    answer: {
      ...{ Id: ALL, Names: ALL, Image: ALL, ImageID: ALL, Labels: ALL, State: ALL },
      NetworkSettings: { Networks: { IPAddress: ALL } },
    },
  },
  ContainerInspect: {
    answer: {
      Id: ALL,
      State: { Running: ALL, Pid: ALL, ExitCode: ALL, Health: { Status: ALL } },
      Config: { Labels: ALL, Healthcheck: { Interval: ALL, Timeout: ALL } },
      HostConfig: { Memory: ALL, CpuPeriod: ALL, CpuQuota: ALL, CpusetCpus: ALL, NetworkMode: ALL },
    },
  },
  ContainerCreate: {
    body: {
      ...{ Image: ALL, Hostname: ALL, Entrypoint: ALL, Cmd: ALL, Env: ALL, Labels: ALL },
      ...{ NetworkDisabled: ALL, StopSignal: ALL },
      HostConfig: {
        ...{ ...LIMITS, NanoCpus: ALL, PidsLimit: ALL, NetworkMode: ALL, IpcMode: ALL },
        ...{ Binds: ALL, Tmpfs: ALL, CapDrop: ALL, ReadonlyRootfs: ALL },
      },
    },
    answer: { Id: ALL },
  },
  ContainerUpdate: { body: LIMITS },
  ContainerWait: { answer: { StatusCode: ALL } },
  ContainerExec: {
    body: { AttachStdin: ALL, AttachStdout: ALL, AttachStderr: ALL, Tty: ALL, Env: ALL, Cmd: ALL },
    answer: { Id: ALL },
  },
  ExecStart: { body: { Detach: ALL, Tty: ALL } },
  ExecInspect: { answer: { Running: ALL, ExitCode: ALL } },
  ImageList: { answer: { RepoTags: ALL, RepoDigests: ALL } },
  ImageInspect: { answer: { RepoTags: ALL, RepoDigests: ALL, Config: { Entrypoint: ALL, Cmd: ALL } } },
};

/** Lines of streams, which no operation names. */
const DEFINITIONS = { BuildInfo: { stream: ALL, status: ALL, error: ALL, aux: { ID: ALL } } };

function main(paths) {
  if (paths.length === 0) throw new Error("usage: node scripts/engine-types.mjs DOCUMENT…");
  const documents = paths.map(readDocument);
  const types = wantedTypes().map(({ name, isBody, picked, find }) => {
    const each = documents.map((document) => {
      const schema = find(document) ?? fail(`${name}: is not in ${document.info.version}`);
      return readType({ document, isBody }, schema, picked, name);
    });
    return renderDeclaration(
      name,
      each.reduce((a, b) => merge(a, b, name)),
    );
  });
  const versions = [...new Set(documents.map(({ info }) => info.version))].join(" and ");
  writeFileSync(FILE, [renderHeader(versions), ...types].join("\n"));
  execFileSync("npx", ["biome", "format", "--write", FILE]);
}

function wantedTypes() {
  const ofOperation = ([id, { body, answer }]) => [
    { name: `${id}Body`, isBody: true, picked: body, find: (document) => findBody(document, id) },
    { name: `${id}Answer`, isBody: false, picked: answer, find: (document) => findAnswer(document, id) },
  ];
  const ofDefinition = ([name, picked]) => ({
    ...{ name, isBody: false, picked, find: ({ definitions }) => definitions[name] },
  });
  return [
    ...Object.entries(OPERATIONS)
      .flatMap(ofOperation)
      .filter(({ picked }) => picked !== undefined),
    ...Object.entries(DEFINITIONS).map(ofDefinition),
  ];
}

/** A description in 1.41 is no YAML 1.2. What is lost by that, should it be something of ours, is missed later. */
function readDocument(path) {
  return parseDocument(readFileSync(path, "utf8")).toJS();
}

function findOperation({ paths }, id) {
  return Object.values(paths)
    .flatMap((path) => Object.values(path))
    .find(({ operationId }) => operationId === id);
}

function findBody(document, id) {
  return findOperation(document, id)?.parameters.find((each) => each.in === "body")?.schema;
}

function findAnswer(document, id) {
  const { responses = {} } = findOperation(document, id) ?? {};
  return Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1].schema;
}

/** A schema as far as it is picked: `text`, a `list` or a `map` of something, or an `object`. */
function readType(context, schema, picked, where) {
  const resolved = resolve(context.document, schema);
  const { type, items, properties, additionalProperties } = resolved;
  const inside = (each) => readType(context, each, picked, where);
  if (type === "array") return { kind: "list", of: inside(items) };
  if (properties === undefined && additionalProperties !== undefined)
    return { kind: "map", of: inside(additionalProperties) };
  if (properties === undefined) return { kind: "text", text: renderScalar(resolved, where) };
  if (picked === ALL) fail(`${where}: which of ${Object.keys(properties).join(", ")}?`);
  const members = Object.entries(picked).map(([name, part]) =>
    readMember(context, resolved, name, part, where),
  );
  return { kind: "object", members };
}

/**
 * A list or a map that is empty may be null in an answer, whatever is said of it: Go writes its nil ones so. In a body
 * we say nothing rather than null.
 */
function readMember(context, { properties, required = [] }, name, picked, where) {
  const at = `${where}.${name}`;
  const schema = properties[name] ?? fail(`${at}: is not in ${context.document.info.version}`);
  const type = readType(context, schema, picked, at);
  const isSaidNull = resolve(context.document, schema)["x-nullable"] === true;
  const isNullable = !context.isBody && (isSaidNull || type.kind === "list" || type.kind === "map");
  return { name, type, isNullable, isOptional: !required.includes(name) };
}

/** The schema that is referred to, and one for all of `allOf`. */
function resolve(document, { $ref, allOf = [], ...own }) {
  const referred = $ref === undefined ? {} : document.definitions[$ref.split("/").at(-1)];
  const parts = [...($ref === undefined ? [] : [referred]), ...allOf].map((part) => resolve(document, part));
  if (parts.length === 0) return own;
  const properties = Object.assign({}, ...parts.map((part) => part.properties));
  return {
    ...Object.assign({}, ...parts),
    ...(Object.keys(properties).length > 0 && { properties }),
    required: parts.flatMap(({ required = [] }) => required),
    ...own,
  };
}

/** What holds for both. */
function merge(a, b, where) {
  if (a.kind !== b.kind) return fail(`${where}: is a ${a.kind}, and a ${b.kind}`);
  if (a.kind === "text") return { kind: "text", text: mergeTexts(a.text, b.text, where) };
  if (a.kind !== "object") return { kind: a.kind, of: merge(a.of, b.of, where) };
  const members = a.members.map((one, index) => {
    const other = b.members[index];
    return {
      name: one.name,
      type: merge(one.type, other.type, `${where}.${one.name}`),
      isNullable: one.isNullable || other.isNullable,
      isOptional: one.isOptional || other.isOptional,
    };
  });
  return { kind: "object", members };
}

/** One document has any string where another lists some: then it may be any. */
function mergeTexts(a, b, where) {
  if (a === b) return a;
  const isText = [a, b].every((text) => text === "string" || text.startsWith('"'));
  if (!isText) return fail(`${where}: is ${a}, and ${b}`);
  return [a, b].includes("string") ? "string" : [...new Set([a, b].join(" | ").split(" | "))].join(" | ");
}

function renderHeader(versions) {
  return `/*
 * What we use of the Docker Engine API, as it holds by its OpenAPI documents ${versions}: api/swagger.yaml of Moby,
 * Apache-2.0. Made by scripts/engine-types.mjs, which says what is used; nothing here is changed by hand.
 */
`;
}

function renderDeclaration(name, type) {
  const text = render(type);
  return type.kind === "object" ? `export interface ${name} ${text}\n` : `export type ${name} = ${text};\n`;
}

/** As it comes: the formatter says how it looks. */
function render(type) {
  switch (type.kind) {
    case "list":
      return `readonly (${render(type.of)})[]`;
    case "map":
      return `Readonly<Record<string, ${render(type.of)}>>`;
    case "object":
      return `{ ${type.members.map(renderMember).join("\n")} }`;
    default:
      return type.text;
  }
}

function renderMember({ name, type, isNullable, isOptional }) {
  return `readonly ${name}${isOptional ? "?" : ""}: ${render(type)}${isNullable ? " | null" : ""};`;
}

function renderScalar({ type, enum: words }, where) {
  if (words !== undefined) return words.map((word) => JSON.stringify(word)).join(" | ");
  if (type === "integer" || type === "number") return "number";
  return type === "string" || type === "boolean" ? type : fail(`${where}: is ${type ?? "of no type"}`);
}

function fail(message) {
  throw new Error(message);
}

main(process.argv.slice(2));
