/**
 * `node scripts/bundle.mjs`, a part of `npm run build`: dist/plimsoll-agent.cjs, the agent of dist/agent as one file
 * that starts itself. It needs nothing but a node binary: containers get these two, read-only.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  "--no-sparkplug", // machine code is larger than bytecode, and nothing here is hot
  "--single-threaded", // collecting garbage with helpers takes pages for each of them
  "--v8-pool-size=0",
  "--max-old-space-size=32", // a hard cap: beyond it the process ends
  "--max-semi-space-size=1",
  "--expose-gc", // see agent/heap-care.ts
];

/** One arena: malloc's others are never given back. Six threads: up to four may hang in files. */
const ENVIRONMENT = "MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=" + "$" + "{UV_THREADPOOL_SIZE:-6}";

const HEAD = `#!/bin/sh
":" //;export ${ENVIRONMENT};exec "\${PLIMSOLL_NODE:-node}" ${FLAGS.join(" ")} -- "$0" "$@"
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

const build = await rolldown({
  input: join(ROOT, "dist/agent/main.js"),
  platform: "node",
  external: [/^node:/, "systeminformation"],
  plugins: [builtInVersion],
});
const { output } = await build.generate({
  format: "cjs", // loading node's ESM loader costs more than the whole agent
  dynamicImportInCjs: false,
  codeSplitting: false,
  minify: true,
  charset: "ascii", // one character beyond Latin-1 makes V8 keep two bytes for each
  comments: false,
});
await build.close();
writeFileSync(BUNDLE, HEAD + output[0].code);
chmodSync(BUNDLE, 0o755);
