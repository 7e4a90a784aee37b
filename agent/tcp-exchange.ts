import type { Socket } from "node:net";
import { errorLine } from "../core/runtime/errors.ts";
import type { PushSettings } from "./push-settings.ts";
import { readTls } from "./tls.ts";

/** A receiver's answer is short. */
const MAX_ANSWER_BYTES = 65_536;

/** What came until the receiver closed the connection, or why there is nothing. */
export type TcpAnswer = { readonly bytes: Buffer } | { readonly failure: string };

/**
 * Sends `body` on a connection of its own and waits for its end: a receiver that closes after our own
 * end has read everything, one that dies before resets the connection. `isWhole` ends the wait early.
 */
export async function exchangeTcp(
  url: URL,
  settings: PushSettings,
  body: Uint8Array,
  signal: AbortSignal,
  isWhole: (bytes: Buffer) => boolean = () => false,
): Promise<TcpAnswer> {
  try {
    return await answerOn(await connectTo(url, settings), settings.timeoutMs, body, signal, isWhole);
  } catch (error) {
    return { failure: errorLine(error) };
  }
}

/** Only what the URL needs is loaded. */
async function connectTo(url: URL, settings: PushSettings): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const address = { host, port: Number(url.port), allowHalfOpen: true };
  if (url.protocol === "tcp:") return (await import("node:net")).connect(address);
  const { connect } = await import("node:tls");
  return connect({ ...address, ...readTls(url.hostname, settings) });
}

function answerOn(
  socket: Socket,
  timeoutMs: number,
  body: Uint8Array,
  signal: AbortSignal,
  isWhole: (bytes: Buffer) => boolean,
): Promise<TcpAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (answer: TcpAnswer): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve(answer);
    };
    const received = (): TcpAnswer => ({ bytes: Buffer.concat(chunks) });
    const stop = (): void => settle({ failure: "stopped before the answer came" });
    const timer = setTimeout(() => settle({ failure: `no answer within ${timeoutMs} ms` }), timeoutMs);
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) settle({ failure: "the answer does not end" });
      else if (isWhole(Buffer.concat(chunks))) settle(received());
    });
    socket.on("end", () => settle(received()));
    socket.on("error", (error) => settle({ failure: errorLine(error) }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    socket.end(body);
  });
}
