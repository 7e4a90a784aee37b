import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { Cleanup } from "./cleanup.ts";

export interface Published {
  readonly subject: string;
  readonly headers: string;
  readonly body: string;
}

export interface FakeNats {
  readonly url: URL;
  readonly published: readonly Published[];
  readonly connects: readonly string[];
}

/** What a NATS server says of itself; what it answers to a message, in the protocol's own words; nothing when undefined. */
export async function startFakeNats(
  cleanup: Cleanup,
  answer: (message: Published, reply: string) => string | undefined,
  info = '{"max_payload":2000}',
): Promise<FakeNats> {
  const published: Published[] = [];
  const connects: string[] = [];
  const sockets = new Set<Socket>();
  const handle = ({ words, content }: Frame, socket: Socket): void => {
    const [keyword, subject = "", reply = "", head = "0"] = words;
    if (keyword === "CONNECT") connects.push(words.slice(1).join(" "));
    if (keyword === "PING") socket.write("PONG\r\n");
    if (keyword !== "HPUB") return;
    const message = { subject, headers: content.slice(0, Number(head)), body: content.slice(Number(head)) };
    published.push(message);
    socket.write(answer(message, reply) ?? "PING\r\n", "latin1");
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(`INFO ${info}\r\n`);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let frame = frameOf(text); frame !== undefined; frame = frameOf(text)) {
        text = text.slice(frame.length);
        handle(frame, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("fake NATS", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`tcp://127.0.0.1:${port}/metrics/all`), published, connects };
}

/** A message as the server delivers it. */
export function natsMessage(subject: string, body: string): string {
  return `MSG ${subject} 1 ${body.length}\r\n${body}\r\n`;
}

interface Frame {
  readonly words: readonly string[];
  readonly content: string;
  readonly length: number;
}

/** The first line and what belongs to it; undefined while it is not all there. */
function frameOf(text: string): Frame | undefined {
  const end = text.indexOf("\r\n");
  if (end === -1) return undefined;
  const words = text.slice(0, end).split(" ");
  const length = end + 2 + (words[0] === "HPUB" ? Number(words[4]) + 2 : 0);
  return text.length < length ? undefined : { words, content: text.slice(end + 2, length - 2), length };
}
