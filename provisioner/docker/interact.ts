import { addAbortSignal, type Readable } from "node:stream";
import type { ExecStartBody } from "../../core/runtime/engine-types.ts";
import { createExec, readExitCode } from "./exec.ts";
import { FrameSplitter, type OnFrame } from "./frames.ts";
import type { EngineConnection } from "./request.ts";
import { upgradeConnection } from "./upgrade.ts";

/** A terminal's size, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Interaction {
  readonly argv: readonly string[];
  readonly input: Readable;
  /** Absent: without a terminal. */
  readonly terminal?: {
    /** What kind it is, as in TERM. */
    readonly kind: string;
    readonly size: TerminalSize;
    /** Calls back at each change of its size; returns how to stop. */
    onResize(listener: (size: TerminalSize) => void): () => void;
  };
  /** Leaves it: what runs inside goes on. */
  readonly signal?: AbortSignal;
  readonly onFrame: OnFrame;
}

/** Runs a command inside that is given what comes in, as it comes. Returns its exit code. */
export async function interactInside(
  connection: EngineConnection,
  container: string,
  { argv, input, terminal, signal, onFrame }: Interaction,
): Promise<number> {
  const attach = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const Env = terminal === undefined ? [] : [`TERM=${terminal.kind}`];
  const options = { ...attach, Tty: terminal !== undefined, Env, Cmd: argv };
  const path = await createExec(connection, container, options);
  const start: ExecStartBody = { Detach: false, Tty: terminal !== undefined };
  const prefix = await connection.prefix(signal);
  const stream = await upgradeConnection(connection.socketPath, `${prefix}${path}/start`, start, signal);
  if (signal !== undefined) addAbortSignal(signal, stream);
  const resize = async ({ columns, rows }: TerminalSize): Promise<void> => {
    // A program that has just ended has no size any more.
    await connection
      .call("POST", `${path}/resize?h=${rows}&w=${columns}`, { ok: [200, 201] })
      .catch(() => {});
  };
  const stop = terminal?.onResize((size) => void resize(size));
  if (terminal !== undefined) await resize(terminal.size);
  input.pipe(stream);
  try {
    // With a terminal there is one stream, as it is; without, two in frames.
    const splitter = new FrameSplitter();
    for await (const chunk of stream) {
      if (terminal !== undefined) await onFrame({ stream: "stdout", bytes: chunk });
      else for (const frame of splitter.push(chunk)) await onFrame(frame);
    }
  } finally {
    stop?.();
    input.unpipe(stream);
    stream.destroy();
  }
  return readExitCode(connection, path);
}
