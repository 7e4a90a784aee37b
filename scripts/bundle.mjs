/**
 * `node scripts/bundle.mjs`, a part of `npm run build`. dist/plimsoll-agent.cjs: the agent of dist/agent as one file
 * that starts itself; it needs nothing but a node binary: containers get these two, read-only. dist/lxcfs-shim/*.cjs: the
 * shim and its threads, a file each, as bin/plimsoll-shim runs them. dist/collector/page: what browsers get, one script
 * and one style sheet with the charts' library in them, and the document as it is.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(ROOT, "dist/plimsoll-agent.cjs");

/**
 * What makes the agent small; each was measured against the others by `npm run bench -- agent`. Most of them
 * cannot be given in NODE_OPTIONS, so the file is a shell script to the kernel and a comment to node.
 */
const FLAGS = [
  "--no-opt", // the optimising compiler's own memory is three times the agent's
  "--no-maglev", // another such, on in Node.js 24: a quarter of the CPU time there
  "--no-sparkplug", // machine code is larger than bytecode, and nothing here is hot
  "--single-threaded", // collecting garbage with helpers takes pages for each of them
  "--v8-pool-size=0",
  "--max-old-space-size=32", // a hard cap: beyond it the process ends
  "--max-semi-space-size=1",
  "--expose-gc", // see agent/heap-care.ts
];

const ENVIRONMENT = [
  "MALLOC_ARENA_MAX=1", // memory of other arenas is never given back
  // What compiling the file took goes back when it is done: such pieces are mapped, and the top is trimmed.
  "MALLOC_MMAP_THRESHOLD_=16384",
  "MALLOC_TRIM_THRESHOLD_=16384",
  "MALLOC_TOP_PAD_=4096",
  "UV_THREADPOOL_SIZE=$" + "{UV_THREADPOOL_SIZE:-6}", // up to four may hang in files
];

const HEAD = `#!/bin/sh
":" //;export ${ENVIRONMENT.join(" ")};exec "\${PLIMSOLL_NODE:-node}" ${FLAGS.join(" ")} -- "$0" "$@"
`;

/** The version is in the file: beside it there is no package.json. */
const builtInVersion = {
  name: "built-in-version",
  load(id) {
    if (!id.endsWith("/core/runtime/version.js")) return null;
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    return `export const packageVersion = () => ${JSON.stringify(version)};`;
  },
};

/** Half a megabyte each: loaded by the first call into them, though whoever imports them is in the same file. */
const LAZY = ["node:child_process", "node:zlib"];

const lazyBuiltIns = {
  name: "lazy-built-ins",
  resolveId: (id) => (LAZY.includes(id) ? `\0${id}` : null),
  async load(id) {
    if (!LAZY.includes(id.slice(1))) return null;
    const module = JSON.stringify(id.slice(1));
    const exported = Object.entries(await import(id.slice(1))).filter(([name]) => name !== "default");
    const lines = exported.map(([name, value]) =>
      typeof value === "function"
        ? `export const ${name} = (...given) => process.getBuiltinModule(${module}).${name}(...given);`
        : `export const ${name} = ${JSON.stringify(value)};`,
    );
    return lines.join("\n");
  },
};

/** As CommonJS: node's loader of ES modules takes more memory than the whole agent. */
async function bundle(input, options, minify) {
  const build = await rolldown({ input: join(ROOT, "dist", input), platform: "node", ...options });
  const { output } = await build.generate({
    format: "cjs",
    dynamicImportInCjs: false,
    codeSplitting: false,
    minify,
    charset: "ascii", // one character beyond Latin-1 makes V8 keep two bytes for each
    comments: false,
  });
  await build.close();
  return output[0].code;
}

const agent = { external: ["systeminformation"], plugins: [builtInVersion, lazyBuiltIns] };
writeFileSync(BUNDLE, HEAD + (await bundle("agent/main.js", agent, true)));
chmodSync(BUNDLE, 0o755);

/** A thread's is looked for beside whoever starts it. */
const SHIM = ["main", "serve-worker", "by-name/serve-named-worker"];
/** What is wrong in a server is told by the names in its log. */
const READABLE = { compress: true, mangle: false, codegen: { removeWhitespace: true } };
for (const module of SHIM) {
  const code = await bundle(`lxcfs-shim/${module}.js`, { external: ["fuse-native", "yaml"] }, READABLE);
  writeFileSync(join(ROOT, `dist/lxcfs-shim/${basename(module)}.cjs`), code);
}

const [PAGE, BUILT_PAGE] = [join(ROOT, "collector/page"), join(ROOT, "dist/collector/page")];

const page = await rolldown({ input: join(PAGE, "main.ts"), platform: "browser" });
const script = (await page.generate({ format: "esm", minify: true })).output[0].code;
await page.close();
const styles = [
  join(ROOT, "node_modules/uplot/dist/uPlot.min.css"),
  ...readdirSync(PAGE).flatMap((name) => (name.endsWith(".css") ? [join(PAGE, name)] : [])),
];
rmSync(BUILT_PAGE, { recursive: true, force: true });
mkdirSync(BUILT_PAGE, { recursive: true });
// Its licence asks to be where its code is.
const licence = readFileSync(join(ROOT, "node_modules/uplot/LICENSE"), "utf8");
writeFileSync(join(BUILT_PAGE, "page.js"), `/* uPlot:\n${licence}*/\n${script}`);
writeFileSync(join(BUILT_PAGE, "page.css"), styles.map((path) => readFileSync(path, "utf8")).join("\n"));
for (const name of ["index.html", "icon.svg"]) copyFileSync(join(PAGE, name), join(BUILT_PAGE, name));
