import {
  FUSE_ABORT_ERROR,
  FUSE_ASYNC_READ,
  FUSE_AUTO_INVAL_DATA,
  FUSE_HAS_RESEND_FLAG2,
  FUSE_INIT_EXT,
  FUSE_KERNEL_MINOR_VERSION,
  FUSE_KERNEL_VERSION,
  FUSE_NO_OPEN_SUPPORT,
  FUSE_OLDEST_MINOR_VERSION,
  FUSE_PARALLEL_DIROPS,
} from "../fuse/abi.ts";
import type { InitIn } from "../fuse/decode.ts";
import type { InitOut } from "../fuse/encode.ts";

/**
 * What we ask for, if the kernel offers it:
 * - FUSE_ASYNC_READ: several reads of one file at a time; without it the kernel queues them one by one.
 * - FUSE_PARALLEL_DIROPS: the same for look-ups and listings of one directory.
 * - FUSE_ABORT_ERROR: a connection aborted by somebody reads ECONNABORTED, an unmounted one ENODEV.
 * - FUSE_INIT_EXT: makes flags2 count.
 *
 * What we leave, and why:
 * - FUSE_DO_READDIRPLUS: a listing would render attributes nobody asked for.
 * - FUSE_ATOMIC_O_TRUNC, FUSE_WRITEBACK_CACHE, FUSE_BIG_WRITES: nothing is ever written.
 * - FUSE_MAX_PAGES: a READ of 128 KiB is longer than any file here.
 * - FUSE_CACHE_SYMLINKS, FUSE_NO_OPENDIR_SUPPORT: what a directory holds depends on who looks.
 * - FUSE_POSIX_ACL, FUSE_HANDLE_KILLPRIV …: no attribute can be changed.
 */
const WANTED_FLAGS: number = FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_ABORT_ERROR | FUSE_INIT_EXT;

/**
 * Where pages are cached:
 * - FUSE_AUTO_INVAL_DATA: a page is as old as the attributes, and goes when they say another time.
 * - FUSE_NO_OPEN_SUPPORT: the kernel opens by itself once OPEN was refused.
 */
const CACHING_FLAGS: number = FUSE_AUTO_INVAL_DATA | FUSE_NO_OPEN_SUPPORT;

/** FUSE_HAS_RESEND (Linux 6.9): a successor of this process can have re-queued what this one had read and not answered. */
const WANTED_FLAGS2: number = FUSE_HAS_RESEND_FLAG2;

/** The smallest there is: no WRITE is taken, and the request buffer has to hold one. */
const MAX_WRITE_BYTES = 4096;

/**
 * Nobody waits for a RELEASE, so the kernel counts it among what is done in the background, and hands out so many of these at
 * a time: its own default of 12 leaves the texts of closed files with us as long as a thousand readers ask. The highest
 * there is; and the level from which it would hold back read-ahead.
 */
const MAX_BACKGROUND = 65_535;
const CONGESTION_THRESHOLD = 49_151;

export type Negotiation =
  | { readonly kind: "agreed"; readonly reply: InitOut }
  /** The kernel speaks a newer major version: it asks once more with ours. */
  | { readonly kind: "ask-again"; readonly reply: InitOut }
  | { readonly kind: "impossible"; readonly reason: string };

/** What a mount is to be like. */
export interface Wishes {
  /** False: as if the kernel were older than 6.9. */
  readonly mayResend?: boolean | undefined;
  /** Files belong to one container each, and their pages may be kept. */
  readonly cachesPages?: boolean | undefined;
}

/** Our answer to INIT. */
export function negotiate(
  offered: InitIn,
  { mayResend = true, cachesPages = false }: Wishes = {},
): Negotiation {
  const flags = offered.flags & (cachesPages ? WANTED_FLAGS | CACHING_FLAGS : WANTED_FLAGS);
  const flags2 = offered.flags2 & (mayResend ? WANTED_FLAGS2 : 0);
  const init = { ...offered, flags, flags2 };
  if (init.major > FUSE_KERNEL_VERSION) return { kind: "ask-again", reply: initOut(init) };
  if (init.major < FUSE_KERNEL_VERSION || init.minor < FUSE_OLDEST_MINOR_VERSION) {
    const oldest = `${FUSE_KERNEL_VERSION}.${FUSE_OLDEST_MINOR_VERSION}`;
    return {
      kind: "impossible",
      reason: `the kernel speaks FUSE ${init.major}.${init.minor}, ${oldest} is needed`,
    };
  }
  return { kind: "agreed", reply: initOut(init) };
}

/** `init`: what the kernel offers and we want. */
function initOut(init: InitIn): InitOut {
  return {
    major: FUSE_KERNEL_VERSION,
    minor: Math.min(init.minor, FUSE_KERNEL_MINOR_VERSION),
    maxReadaheadBytes: init.maxReadaheadBytes,
    flags: init.flags,
    flags2: init.flags2,
    maxBackground: MAX_BACKGROUND,
    congestionThreshold: CONGESTION_THRESHOLD,
    maxWriteBytes: MAX_WRITE_BYTES,
    timeGranularityNs: 1,
  };
}
