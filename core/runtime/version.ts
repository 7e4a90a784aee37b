import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

interface Package {
  readonly directory: string;
  readonly version: string;
}

/** The directory this package is installed in. */
export function packageDirectory(): string {
  return findPackage().directory;
}

/** The version in package.json. */
export function packageVersion(): string {
  return findPackage().version;
}

/** package.json is two levels above this file in the sources, three in `dist`. */
function findPackage(): Package {
  for (const up of ["../..", "../../.."]) {
    const directory = resolve(fileURLToPath(new URL(up, import.meta.url)));
    try {
      const { name, version } = JSON.parse(readFileSync(`${directory}/package.json`, "utf8"));
      if (name === "plimsoll") return { directory, version };
    } catch {
      // Not there: one level further up.
    }
  }
  return { directory: process.cwd(), version: "0.0.0" };
}
