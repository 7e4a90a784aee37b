import type { ContainerView, HostText } from "../proc-files/types.ts";

/** One virtual file under /sys/devices/system, or one in each of many directories there; everything else is the host's. */
export interface SysFile {
  /** Below that directory. `N` stands for a number, `*` for a part of a name, `{a,b}` for either. */
  readonly path: string;
  readonly describes: string;
  /** Pure; `host` gives the texts below that directory, `path` is which of its files is asked for. */
  render(view: ContainerView, host: HostText, path: string): string;
}
