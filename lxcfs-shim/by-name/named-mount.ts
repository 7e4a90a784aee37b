import { extname } from "node:path";
import type { ReadFigures } from "../file-system/read-statistics.ts";
import { ReadStatistics } from "../file-system/read-statistics.ts";
import type { MountOptions } from "../serve-mounts.ts";
import type { ViewOptions } from "../view/view-options.ts";
import { NAMED_PATHS } from "./named-tree.ts";
import type { NamedThreadOptions } from "./serve-named-worker.ts";

/** Beside this file, compiled or not. */
const WORKER_MODULE = new URL(`./serve-named-worker${extname(import.meta.url)}`, import.meta.url);

type Given = "root" | "directory" | "log" | "logLevel" | "held" | "wishes";

export interface NamedMountOptions extends Pick<MountOptions, Given> {
  readonly namesDirectory: string;
  readonly viewOptions: ViewOptions;
  readonly freshnessMs: number;
}

/** The mount of containers by name, as `serveMounts` takes it, and its figures while it is served. */
export function namedMount({ namesDirectory, viewOptions, freshnessMs, ...mount }: NamedMountOptions): {
  readonly mount: MountOptions;
  readonly readFigures: () => ReadFigures;
} {
  const statistics = new ReadStatistics(NAMED_PATHS);
  const moduleOptions: NamedThreadOptions = {
    namesDirectory,
    viewOptions,
    freshnessMs,
    statistics: statistics.memory,
  };
  const wishes = { ...mount.wishes, cachesPages: true };
  return {
    mount: { ...mount, module: WORKER_MODULE, moduleOptions, wishes },
    readFigures: () => statistics.read(),
  };
}
