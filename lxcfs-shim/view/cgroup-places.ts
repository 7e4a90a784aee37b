import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";

function cgroupPaths({ unified, controllers }: CgroupPath): readonly string[] {
  return unified === undefined ? [...controllers.values()] : [unified, ...controllers.values()];
}

/** Where the host's processes are that nobody has put anywhere. */
export function isRootCgroup(cgroup: CgroupPath): boolean {
  return cgroupPaths(cgroup).every((path) => path === "/");
}

/** Whether `cgroup` is `ancestor` or below it, on every hierarchy that both are on. */
export function isWithin(cgroup: CgroupPath, ancestor: CgroupPath): boolean {
  const isBelow = (path: string | undefined, above: string | undefined): boolean =>
    path === undefined ||
    above === undefined ||
    above === "/" ||
    path === above ||
    path.startsWith(`${above}/`);
  const pairs = [...cgroup.controllers].map(
    ([name, path]) => [path, ancestor.controllers.get(name)] as const,
  );
  return isBelow(cgroup.unified, ancestor.unified) && pairs.every(([path, above]) => isBelow(path, above));
}

/** In ASCII and without blanks but those between, whatever the cgroups are called: no other place has the same. */
export function cgroupKey({ unified, controllers }: CgroupPath): string {
  const namesByPath = new Map<string, string[]>(unified === undefined ? [] : [[unified, [""]]]);
  for (const [name, path] of controllers) {
    const names = namesByPath.get(path);
    if (names === undefined) namesByPath.set(path, [name]);
    else names.push(name);
  }
  const places = [...namesByPath].map(([path, names]) => `${names.join(",")}:${encodeURI(path)}`);
  return `cgroup ${places.join(" ")}`;
}
