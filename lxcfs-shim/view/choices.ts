import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";
import type { ViewChoices, ViewOptions } from "./view-options.ts";

/** Which choices hold for the container in a cgroup. */
export type ChoicesOf = (cgroup: CgroupPath) => ViewChoices;

export function openChoices(options: ViewOptions): ChoicesOf {
  const exceptions = options.exceptions.map(({ cgroup, choices }) => ({
    pattern: patternOf(cgroup),
    choices,
  }));
  return ({ unified, controllers }) => {
    const isIn = (pattern: RegExp): boolean =>
      (unified !== undefined && pattern.test(unified)) ||
      [...controllers.values()].some((path) => pattern.test(path));
    return exceptions.find(({ pattern }) => isIn(pattern))?.choices ?? options;
  };
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*+/g, (stars) => (stars.length > 1 ? ".*" : "[^/]*"));
  return new RegExp(`^${source}$`);
}
