import { readFileSync } from "node:fs";

/** The version in package.json, two levels above this file's room in the sources, three in `dist`. */
export function packageVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      if (name === "plimsoll") return version;
    } catch {
      // Not there: try one level further up.
    }
  }
  return "0.0.0";
}
