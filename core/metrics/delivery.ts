/** What became of one delivery: the only thing that crosses a network edge, no exception does. */
export type Delivery =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "retry"; readonly afterMs?: number; readonly reason: string }
  | { readonly outcome: "refused"; readonly reason: string };

/** One way out for encoded batches. */
export interface Sink {
  readonly name: string;
  deliver(body: Uint8Array, signal: AbortSignal): Promise<Delivery>;
}
