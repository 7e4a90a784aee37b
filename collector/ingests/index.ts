import { influx } from "./influx.ts";
import { openFalcon } from "./open-falcon.ts";
import { otlp } from "./otlp.ts";
import { pushgateway } from "./pushgateway.ts";
import { remoteWrite } from "./remote-write.ts";
import { remoteWriteV2 } from "./remote-write-v2.ts";
import type { Ingest } from "./types.ts";

/** Every protocol that can be pushed. */
export const INGESTS: readonly Ingest[] = [remoteWrite, remoteWriteV2, otlp, influx, openFalcon, pushgateway];
