import type { Sink } from "../../core/metrics/delivery.ts";
import type { Batch } from "../../core/metrics/series.ts";
import type { PushSettings } from "../push-settings.ts";

/** One protocol to push by. `--push` names it: `<name>+<transport>://…`. */
export interface SinkProtocol {
  readonly name: string;
  readonly transports: readonly string[];
  /** Loaded for those who push by it: an agent pays for the protocols it uses. */
  load(): Promise<OpenSink>;
}

/** Connects to nothing yet: a receiver that is away must not keep the agent from starting. */
export type OpenSink = (url: URL, settings: PushSettings, intervalMs: number) => ProtocolSink;

/** An encoded batch, or a part of one. */
export interface Encoded {
  readonly body: Uint8Array;
  /** How many samples are in it. */
  readonly samples: number;
}

export interface ProtocolSink extends Sink {
  /**
   * What is queued for `deliver`; undefined when the protocol can say nothing of the batch. It may
   * depend on what was encoded before, in order.
   */
  encode(batch: Batch): Encoded | undefined;
  /** Several bodies, in order, as one. Without it each batch is a delivery of its own. */
  join?(bodies: readonly Uint8Array[]): Uint8Array;
  /** A body as two, for a receiver that refuses all of it for one bad sample; undefined when it cannot be divided. */
  divide?(body: Uint8Array): readonly [Encoded, Encoded] | undefined;
  /** The receiver's clock, where the protocol tells. */
  receiverNowMs?(signal: AbortSignal): Promise<number | undefined>;
}
