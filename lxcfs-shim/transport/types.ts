/** Where requests come from and replies go: one whole message each time. */
export interface Transport {
  /** Blocks until there is a request. Undefined: the file system is unmounted, nothing more will come. The buffer is valid until the next call. */
  receive(): Buffer | undefined;
  /** Throws when the peer finds the reply malformed; a reply nobody waits for any longer is dropped silently. */
  send(reply: Buffer): void;
  close(): void;
}
