import type { HostRoot } from "../host-root.ts";
import { lazyClass } from "../lazy.ts";
import { CONTROLLERS, directoryOf, findHierarchies, type Hierarchies } from "./hierarchies.ts";
import { readProcesses } from "./processes.ts";
import type { CgroupPath, CgroupReader } from "./reader.ts";
import type { CgroupLimits, CgroupStats, CpuStats } from "./stats.ts";
import { V1_FILES } from "./v1/files.ts";
import { V2_FILES } from "./v2/files.ts";
import { readPressure } from "./v2/pressure.ts";
import type { VersionFiles } from "./version-files.ts";

/**
 * Finds out once how this host's cgroups are mounted. Each controller is read where it is: on a hybrid
 * host on its v1 hierarchy, and what v1 does not have (pressure) on the unified one.
 */
export function openCgroupReader(root: HostRoot): CgroupReader {
  return new MountedCgroups(findHierarchies(root));
}

/** Where one controller's files of one cgroup are. */
interface Place {
  readonly files: VersionFiles;
  readonly directory: string;
  readonly isRoot: boolean;
}

const lazyStats = lazyClass<CgroupStats>();
const lazyLimits = lazyClass<CgroupLimits>();
const lazyCpu = lazyClass<CpuStats>();

function above(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

class MountedCgroups implements CgroupReader {
  readonly version: 1 | 2;
  readonly #hierarchies: Hierarchies;

  constructor(hierarchies: Hierarchies) {
    this.#hierarchies = hierarchies;
    this.version = hierarchies.controllers.size > 0 ? 1 : 2;
  }

  read(path: CgroupPath): CgroupStats {
    return lazyStats({
      memory: () => this.#ask(path, "memory", (files, directory) => files.memory(directory)),
      cpu: () => this.#readCpu(path),
      io: () => this.#ask(path, "blkio", (files, directory) => files.io(directory)),
      pids: () => this.#ask(path, "pids", (files, directory) => files.pids(directory)),
      // Pressure came with v2 and is there only: no v1 hierarchy has a controller of this name.
      pressure: () => this.#ask(path, "pressure", (_, directory) => readPressure(directory)),
    });
  }

  readLimits(path: CgroupPath): CgroupLimits {
    return lazyLimits({
      memory: () => this.#ask(path, "memory", (files, directory) => files.memoryLimits(directory)),
      quotaCpus: () =>
        this.#ask(path, "cpu", (files, directory) => files.quotaCpus(directory)) ?? Number.POSITIVE_INFINITY,
      effectiveCpus: () => {
        // The one thing the root says that holds for its children too.
        const place = this.#locate(path, "cpuset");
        return place?.files.effectiveCpus(place.directory);
      },
    });
  }

  parentOf(path: CgroupPath): CgroupPath | undefined {
    let isRoot = path.unified === undefined || path.unified === "/";
    const controllers = new Map<string, string>();
    for (const [name, at] of path.controllers) {
      isRoot &&= at === "/";
      controllers.set(name, above(at));
    }
    return isRoot ? undefined : { unified: path.unified && above(path.unified), controllers };
  }

  processes(path: CgroupPath, maxCgroups?: number): readonly number[] {
    const places = [...CONTROLLERS, "unified"].flatMap((name) => this.#locate(path, name) ?? []);
    // A controller that was left alone has the process in its root, with everybody else.
    const place = places.find(({ isRoot }) => !isRoot) ?? places[0];
    return place === undefined ? [] : readProcesses(place.directory, maxCgroups);
  }

  #readCpu(path: CgroupPath): CpuStats | undefined {
    const usage = this.#ask(path, "cpuacct", (files, directory) => files.cpuUsage(directory));
    if (usage === undefined) return undefined;
    const limits = this.readLimits(path);
    return lazyCpu({
      usageSeconds: () => usage.usageSeconds,
      userSeconds: () => usage.userSeconds,
      systemSeconds: () => usage.systemSeconds,
      niceSeconds: () => usage.niceSeconds,
      perCpuSeconds: () => this.#ask(path, "cpuacct", (files, directory) => files.perCpuSeconds(directory)),
      quotaCpus: () => limits.quotaCpus,
      effectiveCpus: () => limits.effectiveCpus,
      throttling: () => this.#ask(path, "cpu", (files, directory) => files.throttling(directory)),
    });
  }

  /** Reads something of a cgroup that is not the root: the root is the host. */
  #ask<T>(
    path: CgroupPath,
    controller: string,
    read: (files: VersionFiles, directory: string) => T,
  ): T | undefined {
    const place = this.#locate(path, controller);
    return place === undefined || place.isRoot ? undefined : read(place.files, place.directory);
  }

  /** Whatever is on no v1 hierarchy is on the unified one, if it is anywhere. */
  #locate(path: CgroupPath, controller: string): Place | undefined {
    const v1 = this.#hierarchies.controllers.get(controller);
    const hierarchy = v1 ?? this.#hierarchies.unified;
    const at = v1 === undefined ? path.unified : path.controllers.get(controller);
    const directory = hierarchy === undefined || at === undefined ? undefined : directoryOf(hierarchy, at);
    if (directory === undefined) return undefined;
    return { files: v1 === undefined ? V2_FILES : V1_FILES, directory, isRoot: at === "/" };
  }
}
