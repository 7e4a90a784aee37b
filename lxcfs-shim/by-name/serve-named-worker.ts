import { openHostRoot } from "../../core/kernel/host-root.ts";
import { ReadStatistics } from "../file-system/read-statistics.ts";
import { serveInThread } from "../session/in-thread.ts";
import { bootClock } from "../succession/boot-clock.ts";
import type { ViewOptions } from "../view/view-options.ts";
import { NamedFileSystem } from "./named-file-system.ts";
import { NAMED_PATHS } from "./named-tree.ts";
import { openNames } from "./names.ts";

/** What serve.ts gives the thread that serves containers by name. */
export interface NamedThreadOptions {
  readonly namesDirectory: string;
  readonly viewOptions: ViewOptions;
  readonly freshnessMs: number;
  /** ReadStatistics' memory, for NAMED_PATHS. */
  readonly statistics: SharedArrayBuffer;
}

serveInThread<NamedThreadOptions>(
  ({ options: { namesDirectory, statistics, ...options }, log, notebook }) =>
    new NamedFileSystem({
      root: openHostRoot(),
      log,
      names: openNames(namesDirectory),
      clock: bootClock,
      notebook,
      ...options,
      statistics: new ReadStatistics(NAMED_PATHS, statistics),
    }),
);
