import type { Sink } from "../../core/metrics/delivery.ts";
import type { Batch } from "../../core/metrics/series.ts";

/** One protocol to push by. `--push` names it: `<name>+<transport>://…`. */
export interface SinkProtocol {
  readonly name: string;
  readonly transports: readonly string[];
  /** Connects to nothing yet: a receiver that is away must not keep the agent from starting. */
  open(url: URL): ProtocolSink;
}

export interface ProtocolSink extends Sink {
  /** The body `deliver` takes. It may depend on what was encoded before, in order. */
  encode(batch: Batch): Uint8Array;
}
