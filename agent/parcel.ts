import type { SpoolEntry } from "../core/runtime/spool-record.ts";
import type { Encoded, ProtocolSink } from "./sinks/types.ts";

/** What is delivered at once: whole records in order, or a part of one. */
export interface Parcel {
  readonly contents: readonly Encoded[];
  /** Of the first record. */
  readonly id: number;
}

/** Refusals in a row, without anything taken in between, after which a record is given up whole. */
const FRUITLESS = 12;

/**
 * The parcels that some records still have to be delivered in, in order. A parcel that is refused is
 * replaced by its halves, down to the sample that is to blame: receivers refuse all for one. Where
 * every part is refused as well that is soon stopped, or each batch would cost hundreds of requests.
 */
export class ParcelStack {
  readonly #sink: Pick<ProtocolSink, "join" | "divide">;
  /** The next one is the last. */
  #parcels: Parcel[] = [];
  #refusalsInARow = 0;

  constructor(sink: Pick<ProtocolSink, "join" | "divide">) {
    this.#sink = sink;
  }

  /** Records with consecutive ids. */
  load(entries: readonly SpoolEntry[]): void {
    const [first] = entries;
    this.#parcels = first === undefined ? [] : [{ contents: entries, id: first.id }];
  }

  get next(): Parcel | undefined {
    return this.#parcels.at(-1);
  }

  bodyOf({ contents }: Parcel): Uint8Array {
    const [first] = contents;
    const { join } = this.#sink;
    if (contents.length === 1 || join === undefined) return first?.body ?? new Uint8Array(0);
    return join(contents.map(({ body }) => body));
  }

  /** The next one has been taken. */
  taken(): void {
    this.#refusalsInARow = 0;
    this.#parcels.pop();
  }

  /** The next one has been refused; returns how many samples are lost with it. */
  refused(isDivisible: boolean): number {
    const parcel = this.#parcels.pop();
    if (parcel === undefined) return 0;
    this.#refusalsInARow++;
    const halves = isDivisible ? this.#halvesOf(parcel) : [];
    this.#parcels.push(...halves.toReversed());
    return halves.length > 0 ? 0 : parcel.contents.reduce((sum, { samples }) => sum + samples, 0);
  }

  #halvesOf({ contents, id }: Parcel): readonly Parcel[] {
    const [first] = contents;
    if (contents.length > 1) {
      const half = contents.length >> 1;
      return [
        { contents: contents.slice(0, half), id },
        { contents: contents.slice(half), id: id + half },
      ];
    }
    if (first === undefined || this.#refusalsInARow > FRUITLESS) return [];
    return (this.#sink.divide?.(first.body) ?? []).map((part) => ({ contents: [part], id }));
  }
}
