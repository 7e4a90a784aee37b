import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Digest → bytes, of `docker/registry/v2/blobs/sha256/9f/9f86…/data` (Distribution's storage path layout). */
export function readBlobSizes(folder: string): ReadonlyMap<string, number> {
  const root = join(folder, "docker/registry/v2/blobs");
  const list = (path: string): readonly string[] => (existsSync(path) ? readdirSync(path) : []);
  const sizes = new Map<string, number>();
  for (const algorithm of list(root)) {
    for (const first of list(join(root, algorithm))) {
      for (const hex of list(join(root, algorithm, first))) {
        const found = statSync(join(root, algorithm, first, hex, "data"), { throwIfNoEntry: false });
        if (found !== undefined) sizes.set(`${algorithm}:${hex}`, found.size);
      }
    }
  }
  return sizes;
}
