import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AskSource, readValues, type SourceKind, type Surroundings } from "../../agent/source-kind.ts";
import type { FileSystemSpace, SourceContext } from "../../agent/sources/types.ts";
import { openHostRoot } from "../../core/kernel/host-root.ts";
import { renderExposition } from "../../core/metrics/exposition.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { failing } from "../../core/runtime/options.ts";
import { recordLog } from "./record-log.ts";

const CONTAINER = fileURLToPath(new URL("../fixtures/agent/container", import.meta.url));

export const SPACE: FileSystemSpace = {
  bsize: 4096,
  blocks: 1000,
  bfree: 400,
  bavail: 300,
  files: 50,
  ffree: 20,
};

/** A tick in the fixture container at 1700000755730 ms, with `changes` in place of files or functions. */
export function tickIn(
  files: Readonly<Record<string, string>> = {},
  changes: Partial<SourceContext> = {},
): SourceContext {
  return {
    nowMs: 1_700_000_755_730,
    read: async (path) => files[path] ?? (await readFile(CONTAINER + path, "utf8")),
    load: async (path) => ({
      text: files[path] ?? (await readFile(CONTAINER + path, "utf8")),
      mtimeMs: 1_700_000_000_000,
    }),
    list: (path) => readdir(CONTAINER + path),
    statfs: async () => SPACE,
    ...changes,
  };
}

/** Who the fixture container is. */
export const IDENTITY: Labels = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "web", type: "docker" };

/** A source as the configuration `options` open it, in the fixture container unless `around` says otherwise. */
export function openSource(
  kind: SourceKind,
  options: Readonly<Record<string, unknown>> = {},
  around: Partial<Surroundings> = {},
): AskSource {
  return kind.open(readValues(kind, options, failing({ option: kind.name, value: options })), {
    root: openHostRoot(CONTAINER),
    log: recordLog(),
    identity: async () => IDENTITY,
    ...around,
  });
}

/** The samples of a page without its comments, one per line. */
export function sampleLines(series: readonly Series[]): string[] {
  return renderExposition(series)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}
