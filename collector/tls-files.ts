import { readFileSync } from "node:fs";
import { UsageError } from "../core/runtime/errors.ts";
import type { SinkFiles } from "./sinks/types.ts";

const NAMES = ["ca", "cert", "key"] as const;

/** What TLS takes of the files of a sink. Throws UsageError naming the one that cannot be read. */
export function readTlsFiles(files: SinkFiles): Readonly<Partial<Record<(typeof NAMES)[number], Buffer>>> {
  const given = NAMES.flatMap((name) => {
    const path = files[name];
    return path === undefined ? [] : [[name, readPem(name, path)] as const];
  });
  return Object.fromEntries(given);
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${name} ${path}: cannot be read`, { cause });
  }
}
