import { file } from "./file.ts";
import { influx } from "./influx.ts";
import { nats } from "./nats.ts";
import { openFalcon } from "./open-falcon.ts";
import { otlp } from "./otlp.ts";
import { remoteWrite } from "./remote-write.ts";
import { remoteWriteV2 } from "./remote-write-v2.ts";
import type { SinkKind } from "./types.ts";

/** Every protocol of `--forward`. */
export const SINK_KINDS: readonly SinkKind[] = [
  remoteWrite,
  remoteWriteV2,
  otlp,
  influx,
  openFalcon,
  nats,
  file,
];
