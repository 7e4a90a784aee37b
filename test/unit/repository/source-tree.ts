import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "vite";

/** The repository, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));

/** One file naming one module. */
export interface Edge {
  readonly from: string;
  /** A file relative to the repository, a package or `node:…`; `?` where the name is not a literal. */
  readonly to: string;
  /** `types`: erased by the compiler. `lazy`: import(). */
  readonly kind: "value" | "types" | "lazy";
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The files below `folder` with the given ending, relative to the repository; none where it does not exist. */
export function listFiles(folder: string, ending: string): readonly string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}

/** Every module a file names: import, export … from, import() and the type `import("…").T`. */
export function parseEdges(from: string, text: string): readonly Edge[] {
  const { module, program, errors } = parseSync(from, text);
  if (errors.length > 0) throw new Error(`${from}: ${errors[0]?.message}`);
  const edge = (name: string, kind: Edge["kind"]): Edge => ({ from, to: resolveName(from, name), kind });
  const kindOf = (entries: readonly { readonly isType: boolean }[]): Edge["kind"] =>
    entries.length > 0 && entries.every(({ isType }) => isType) ? "types" : "value";

  const imports = module.staticImports.map((each) => edge(each.moduleRequest.value, kindOf(each.entries)));
  const exports = module.staticExports.flatMap(({ entries }) => {
    const name = entries.find(({ moduleRequest }) => moduleRequest)?.moduleRequest?.value;
    return name === undefined ? [] : [edge(name, kindOf(entries))];
  });
  const lazy = module.dynamicImports.map(({ moduleRequest: { start, end } }) => {
    const literal = /^(["'`])([^$]*)\1$/.exec(text.slice(start, end));
    return edge(literal?.[2] ?? "?", "lazy");
  });
  const types: Edge[] = [];
  new Visitor({ TSImportType: ({ source }) => void types.push(edge(source.value, "types")) }).visit(program);
  return [...imports, ...exports, ...lazy, ...types];
}

function resolveName(from: string, name: string): string {
  if (name.startsWith(".")) return join(dirname(from), name);
  if (name.startsWith("node:") || name === "?") return name;
  const [scope = "", inner = ""] = name.split("/");
  return scope.startsWith("@") ? `${scope}/${inner}` : scope;
}

/** Whether a file names `process.env`, in whichever spelling. */
export function readsEnvironment(path: string, text: string): boolean {
  let found = false;
  new Visitor({
    MemberExpression: ({ object, property }) => {
      const name =
        property.type === "Literal" ? property.value : property.type === "Identifier" && property.name;
      found ||= object.type === "Identifier" && object.name === "process" && name === "env";
    },
    VariableDeclarator: ({ id, init }) => {
      found ||= init?.type === "Identifier" && init.name === "process" && id.type === "ObjectPattern";
    },
  }).visit(parseSync(path, text).program);
  return found;
}

/** Whether nothing of a file is left at run time. */
export function isTypesOnly(path: string, text: string): boolean {
  return parseSync(path, text).program.body.every((statement) => {
    if (statement.type === "ImportDeclaration") return true;
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    return declaration?.type === "TSInterfaceDeclaration" || declaration?.type === "TSTypeAliasDeclaration";
  });
}
