import { offline } from "./offline.ts";
import { online } from "./online.ts";
import { present } from "./present.ts";
import type { SysFile } from "./types.ts";

/** Every virtual file under /sys/devices/system/cpu. */
export const SYS_FILES: readonly SysFile[] = [offline, online, present];
