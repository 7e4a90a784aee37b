/** What became of one delivery: the only thing that crosses a network edge, no exception does. */
export type Delivery =
  | { readonly outcome: "delivered"; readonly rejected?: Rejected }
  | {
      readonly outcome: "retry";
      readonly afterMs?: number;
      readonly reason: string;
      readonly blame?: "samples";
    }
  | { readonly outcome: "refused"; readonly reason: string; readonly blame?: "samples" };

// `blame: "samples"`: the receiver answered to what it was sent, so that it may take something else.

/** Samples that a receiver left out of what it took. */
export interface Rejected {
  readonly samples: number;
  readonly reason: string;
}

/** One way out for encoded batches. */
export interface Sink {
  readonly name: string;
  deliver(body: Uint8Array, signal: AbortSignal): Promise<Delivery>;
}
