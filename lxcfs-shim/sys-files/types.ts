import type { ContainerView, HostText } from "../proc-files/types.ts";

/** One virtual file under /sys/devices/system/cpu; everything else there is the host's. */
export interface SysFile {
  /** Its name in that directory. */
  readonly name: string;
  readonly describes: string;
  /** Pure; `host` gives the texts of that directory. */
  render(view: ContainerView, host: HostText): string;
}
