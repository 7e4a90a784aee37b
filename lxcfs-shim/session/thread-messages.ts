import type { LogFields, LogLevel } from "../../core/runtime/log.ts";
import type { MountedConnection } from "../succession/inheritance.ts";
import type { Books } from "../succession/notebook.ts";
import type { Wishes } from "./negotiate.ts";
import type { Agreement } from "./session.ts";

/** What a serving thread is started with, as structured-clone data. */
export interface ThreadData {
  readonly logLevel: LogLevel;
  /** Counters' memory. */
  readonly counters: SharedArrayBuffer;
  /** For the file system's own opener; its type is known to the worker module alone. */
  readonly options: unknown;
}

/** Main thread → serving thread, the one message of that way: nobody reads there afterwards. */
export interface ServeMessage {
  /** The mounted device. */
  readonly device: number;
  /** The notebook's files, where somebody holds them for a successor. */
  readonly books: Books | undefined;
  readonly mount: MountedConnection;
  /** What a predecessor agreed on with the kernel. */
  readonly inherited: Agreement | undefined;
  readonly wishes: Wishes;
}

/** Serving thread → main thread. */
export type ThreadMessage =
  /** Everything is imported and opened: it may be mounted. */
  | { readonly kind: "loaded" }
  /** The kernel's INIT is answered, by this thread or a predecessor. */
  | { readonly kind: "ready"; readonly agreement: Agreement }
  /** The mount was taken away, the thread ends. */
  | { readonly kind: "unmounted" }
  /** A reply to be sent after a while. */
  | { readonly kind: "late"; readonly reply: Uint8Array; readonly delayMs: number }
  | { readonly kind: "log"; readonly level: LogLevel; readonly fields: LogFields; readonly message: string };
