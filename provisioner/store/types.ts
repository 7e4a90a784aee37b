/** One JSON document. Its reader validates it: see documents.ts. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  /** The store's revision at which this document was last written, 1 or more. */
  readonly revision: number;
}

/** What stands under a prefix at one moment. */
export interface Listing {
  /** In the order of their keys, as bytes. */
  readonly entries: readonly Entry[];
  /** The store's revision at that moment. */
  readonly revision: number;
}

export interface Put {
  readonly key: string;
  readonly value: unknown;
  /** Goes by itself after so long, by the store's own clock, unless it is put again. In a shared store only. */
  readonly seconds?: number | undefined;
}

/** All of it or nothing. A key is written or removed at most once; see MAX_OPERATIONS for how much fits. */
export interface Transaction {
  /** Each key must still be at the revision it was read at; 0 expects that there is none. */
  readonly expect: readonly { readonly key: string; readonly revision: number }[];
  readonly put?: readonly Put[];
  readonly remove?: readonly string[];
}

/**
 * What desired state and addresses are kept in. Durable: what has been committed survives kill -9 and
 * a power cut. Linearisable: a read sees every commit that ended before it began, from any process.
 */
export interface Store {
  /** For messages: a path or a URL. */
  readonly name: string;
  /** Of many hosts; any other is of the processes of one. */
  readonly isShared: boolean;
  get(key: string): Promise<Entry | undefined>;
  list(prefix: string): Promise<Listing>;
  /**
   * The revision it was committed at; undefined, and nothing written, when an expectation does not
   * hold. When it throws it may have been committed all the same: read again before trying again.
   */
  transact(transaction: Transaction): Promise<number | undefined>;
  /**
   * Yields the store's revision whenever something under the prefix may have changed after revision
   * `since`. It may yield too often, never too seldom; the reader lists again. Ends with `signal`.
   */
  changes(prefix: string, since: number, signal: AbortSignal): AsyncIterable<number>;
  close(): Promise<void>;
}
