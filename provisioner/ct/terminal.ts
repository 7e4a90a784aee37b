import { environmentVariable } from "../../core/runtime/config.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import type { Interaction, TerminalSize } from "../docker/interact.ts";

type Terminal = NonNullable<Interaction["terminal"]>;

/** What is used of the process's own standard streams. */
export interface Streams {
  readonly stdin: { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly stdout: {
    isTTY?: boolean;
    columns?: number;
    rows?: number;
    on(event: "resize", listener: () => void): unknown;
    off(event: "resize", listener: () => void): unknown;
  };
}

/**
 * Hands this process's terminal on: what is typed goes inside as it is, Ctrl-C too, until `use` is
 * over. Throws UsageError where there is none.
 */
export async function withTerminal<T>(
  { stdin, stdout }: Streams,
  use: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  if (stdin.isTTY !== true || stdout.isTTY !== true)
    throw new UsageError("--tty: standard input and output are not a terminal");
  const size = (): TerminalSize => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  stdin.setRawMode?.(true);
  try {
    return await use({
      kind: environmentVariable("TERM") ?? "dumb",
      size: size(),
      onResize: (listener) => {
        const tell = (): void => listener(size());
        stdout.on("resize", tell);
        return () => void stdout.off("resize", tell);
      },
    });
  } finally {
    stdin.setRawMode?.(false);
  }
}
