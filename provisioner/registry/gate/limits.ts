import type { Allowance } from "./patience.ts";
import type { Share } from "./turns.ts";

/** What clients may take of a gate. */
export interface GateLimits {
  /** For the headers of a request; also how long a connection may have none under way. */
  readonly headersMs: number;
  readonly connections: Share;
  readonly requests: Share;
  /** Manifests in memory: of each a few MiB. The others wait, unread. */
  readonly manifests: Share;
  readonly upload: Allowance;
  readonly manifest: Allowance;
  readonly download: Allowance;
  /** For a manifest's turn to be read, and to be judged. */
  readonly waitMs: number;
  /** The registry says nothing: storing a large blob may take it minutes. */
  readonly registryMs: number;
}

const KIB = 1024;

/** A client may be a whole site behind one address: what one has is a quarter of all. */
export const LIMITS: GateLimits = {
  headersMs: 60_000,
  connections: { all: 4096, each: 1024 },
  requests: { all: 1024, each: 256 },
  manifests: { all: 64, each: 16 },
  upload: { mostMs: 60_000, bytesPerSecond: KIB },
  manifest: { mostMs: 60_000, bytesPerSecond: 64 * KIB },
  // What the kernel holds for a client may take it a while.
  download: { mostMs: 300_000, bytesPerSecond: KIB },
  waitMs: 600_000,
  registryMs: 900_000,
};
