import { remoteWrite } from "./remote-write.ts";
import type { SinkKind } from "./types.ts";

/** Every protocol of `--forward`. */
export const SINK_KINDS: readonly SinkKind[] = [remoteWrite];
