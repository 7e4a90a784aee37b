import type { LogFields, LogLevel } from "../../core/runtime/log.ts";

/** What a serving thread is started with, as structured-clone data. */
export interface ThreadData {
  readonly logLevel: LogLevel;
  /** Counters' memory. */
  readonly counters: SharedArrayBuffer;
  /** For the file system's own opener; its type is known to the worker module alone. */
  readonly options: unknown;
}

/** Serving thread → main thread. The way back carries one message only, the mounted descriptor; after that nobody reads it. */
export type ThreadMessage =
  /** Everything is imported and opened: it may be mounted. */
  | { readonly kind: "loaded" }
  /** The kernel's INIT is answered. */
  | { readonly kind: "ready"; readonly protocol: string }
  /** The mount was taken away, the thread ends. */
  | { readonly kind: "unmounted" }
  | { readonly kind: "log"; readonly level: LogLevel; readonly fields: LogFields; readonly message: string };
