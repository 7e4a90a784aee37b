import type { Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import { type BlockList, isIP, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { parseProxyHeader } from "./proxy-protocol.ts";

/** Of the connections there can be: who holds so many holds up himself, and nobody else. */
const MAX_PER_ADDRESS = 5_000;
/** A proxy says whom it speaks for at once. */
const HEADER_MS = 10_000;
/** The longest header, of version 2 with its extensions. */
const MAX_HEADER = 16 + 65_535;

/** Who is at the other end of the connections of a server, seen through the proxies it trusts. */
export interface Peers {
  addressOf(socket: Socket): string;
  /** Connections that were closed because their address has too many. */
  readonly refused: number;
  /** Ends the connections whose proxy has not spoken yet. */
  close(): void;
}

/**
 * Connections from `proxies` begin with a PROXY header; without it, or with a wrong one, they are
 * closed. Nobody else is asked for one: a header from elsewhere is no HTTP.
 */
export function acceptProxied(
  server: Server | SecureServer,
  proxies: BlockList,
  maxPerAddress: number = MAX_PER_ADDRESS,
): Peers {
  const counts = new Map<string, number>();
  let refused = 0;
  const addresses = new Map<string, string>();
  const waiting = new Set<Socket>();
  const accepting = server.listeners("connection");
  const accept = (socket: Socket, address: string): void => {
    const count = (counts.get(address) ?? 0) + 1;
    if (count > maxPerAddress) {
      refused++;
      socket.destroy();
      return;
    }
    counts.set(address, count);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
    for (const listener of accepting) listener.call(server, socket);
  };
  const introduce = (socket: Socket, address: string | undefined): void => {
    const key = keyOf(socket);
    if (address !== undefined) {
      addresses.set(key, address);
      socket.once("close", () => addresses.delete(key));
    }
    waiting.delete(socket);
    accept(socket, address ?? socket.remoteAddress ?? "");
    // TLS takes what the socket holds by itself; a reader of the socket waits for it to flow again.
    if (!(server instanceof TlsServer)) socket.resume();
  };
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const { remoteAddress = "" } = socket;
    if (!isAmong(proxies, remoteAddress)) return accept(socket, remoteAddress);
    waiting.add(socket);
    socket.once("close", () => waiting.delete(socket));
    readHeader(socket, (address) => introduce(socket, address));
  });
  return {
    get refused() {
      return refused;
    },
    addressOf: (socket) => addresses.get(keyOf(socket)) ?? socket.remoteAddress ?? "",
    close: () => {
      for (const socket of waiting) socket.destroy();
    },
  };
}

/** TLS stands between a request and its connection: the ports tell which one it is. */
function keyOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

function isAmong(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** What comes after the header is given back to the socket for whoever reads it next. */
function readHeader(socket: Socket, then: (address: string | undefined) => void): void {
  let received: Buffer = Buffer.alloc(0);
  const giveUp = (): void => void socket.destroy();
  const timer = setTimeout(giveUp, HEADER_MS);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", read);
    socket.off("error", giveUp);
    socket.pause();
  };
  const read = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    try {
      const header = parseProxyHeader(received);
      if (header === undefined && received.length < MAX_HEADER) return;
      if (header === undefined) throw new RangeError("no PROXY header");
      stop();
      if (received.length > header.length) socket.unshift(received.subarray(header.length));
      then(header.address);
    } catch {
      stop();
      socket.destroy();
    }
  };
  socket.on("data", read);
  socket.on("error", giveUp);
  socket.once("close", () => clearTimeout(timer));
}
