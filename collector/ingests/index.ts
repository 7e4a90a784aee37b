import { remoteWrite } from "./remote-write.ts";
import type { Ingest } from "./types.ts";

/** Every protocol that can be pushed. */
export const INGESTS: readonly Ingest[] = [remoteWrite];
