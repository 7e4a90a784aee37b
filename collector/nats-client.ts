// What of the NATS client protocol (docs.nats.io, "NATS Protocol") publishing into JetStream needs:
//   server: INFO {…}                  we: TLS from here on where it is asked for; CONNECT {…}, SUB _INBOX.x.* 1, PING      server: PONG
//   we: HPUB subject _INBOX.x.1 <header bytes> <all bytes>                          server: MSG _INBOX.x.1 1 <bytes>
// An answer is JSON: {"stream":"S","seq":7} or {"error":{"code":503,"description":"…"}}.
import { randomBytes } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContextOptions } from "node:tls";
import type { NatsUser } from "./nats-nkey.ts";

export interface NatsAnswer {
  /** `503` where nobody listens to the subject. */
  readonly status: string | undefined;
  readonly payload: string;
}

export interface NatsClient {
  readonly maxPayloadBytes: number;
  readonly isClosed: boolean;
  /** Rejects when the connection ends or nothing comes within `timeoutMs`. */
  request(
    subject: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<NatsAnswer>;
  close(): void;
}

interface Waiting {
  resolve(answer: NatsAnswer): void;
  reject(error: Error): void;
}

const CONNECT_MS = 10_000;
/** A line of the protocol is not longer than INFO, which lists a cluster. */
const MAX_LINE = 1024 * 1024;

/** Who we are, beside what the URL says: its user and password, or its user alone as a token. */
export interface NatsIdentity {
  readonly token?: string | undefined;
  readonly user?: NatsUser | undefined;
  readonly tls?: SecureContextOptions | undefined;
}

/** `tcp://host:4222`, or `tls://…`, which says nothing of who we are before it is encrypted. */
export async function connectNats(url: URL, identity: NatsIdentity = {}): Promise<NatsClient> {
  const socket = connect({ host: hostOf(url), port: Number(url.port || 4222) });
  const client = new Connection(socket, url, identity);
  const timer = setTimeout(() => client.fail(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
  try {
    await client.ready;
    return client;
  } finally {
    clearTimeout(timer);
  }
}

class Connection implements NatsClient {
  maxPayloadBytes = 1024 * 1024;
  isClosed = false;
  readonly ready: Promise<void>;
  #socket: Socket;
  readonly #url: URL;
  readonly #identity: NatsIdentity;
  #isIntroduced = false;
  readonly #inbox = `_INBOX.${randomBytes(12).toString("hex")}`;
  readonly #waiting = new Map<string, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #lastId = 0;
  #isReady: () => void = () => {};
  #isNot: (error: Error) => void = () => {};

  constructor(socket: Socket, url: URL, identity: NatsIdentity) {
    this.#socket = socket;
    this.#url = url;
    this.#identity = identity;
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#isNot = reject;
    });
    this.ready.catch(() => {}); // also told by `fail` to whoever waits
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.fail(error));
    socket.on("close", () => this.fail(new Error("the connection was closed")));
  }

  request(
    subject: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<NatsAnswer> {
    const reply = `${this.#inbox}.${++this.#lastId}`;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`NATS/1.0\r\n${lines.join("")}\r\n`);
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(new Error("the connection was closed"));
      const timer = setTimeout(
        () => settle(reply)?.reject(new Error(`no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      const settle = (id: string): Waiting | undefined => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        return { resolve, reject };
      };
      this.#waiting.set(reply, {
        resolve: (answer) => settle(reply)?.resolve(answer),
        reject: (error) => settle(reply)?.reject(error),
      });
      this.#socket.write(`HPUB ${subject} ${reply} ${head.length} ${head.length + body.length}\r\n`);
      this.#socket.write(head);
      this.#socket.write(body);
      this.#socket.write("\r\n");
    });
  }

  close(): void {
    this.fail(new Error("closed by us"));
  }

  fail(error: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket.destroy();
    this.#isNot(error);
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (!this.isClosed) {
      const end = this.#received.indexOf("\r\n");
      if (end === -1) {
        if (this.#received.length > MAX_LINE) this.fail(new Error("not a NATS server"));
        return;
      }
      const used = this.#understand(this.#received.toString("latin1", 0, end), end + 2);
      if (used === 0) return;
      this.#received = this.#received.subarray(used);
    }
  }

  /** How many bytes the line and what belongs to it take; 0 while they are not all there. */
  #understand(line: string, lineBytes: number): number {
    const [keyword = "", ...words] = line.split(/[ \t]+/);
    switch (keyword.toUpperCase()) {
      case "INFO":
        this.#introduce(line.slice(keyword.length));
        return lineBytes;
      case "PING":
        this.#socket.write("PONG\r\n");
        return lineBytes;
      case "PONG":
        this.#isReady();
        return lineBytes;
      case "MSG":
        return this.#message(words, lineBytes, 0);
      case "HMSG":
        return this.#message(words, lineBytes, Number(words.at(-2)));
      case "-ERR":
        this.fail(new Error(line.slice(keyword.length).trim()));
        return lineBytes;
      default:
        return lineBytes;
    }
  }

  #introduce(text: string): void {
    const info = parseInfo(text);
    const isSecure = this.#url.protocol === "tls:";
    const objection = info === undefined ? "not a NATS server" : objectionTo(info, isSecure);
    if (objection !== undefined || info === undefined) {
      this.fail(new Error(objection));
      return;
    }
    if (typeof info.max_payload === "number") this.maxPayloadBytes = info.max_payload;
    // A cluster that changes says so again.
    if (this.#isIntroduced) return;
    this.#isIntroduced = true;
    if (isSecure) this.#secure(String(info.nonce ?? ""));
    else this.#sayWho(String(info.nonce ?? ""));
  }

  #secure(nonce: string): void {
    const plain = this.#socket.removeAllListeners();
    const host = hostOf(this.#url);
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ ...this.#identity.tls, ...name, host, socket: plain });
    this.#listen(socket);
    socket.once("secureConnect", () => this.#sayWho(nonce));
  }

  #sayWho(nonce: string): void {
    const [name, pass] = [this.#url.username, this.#url.password].map(decodeURIComponent);
    const { token, user } = this.#identity;
    const fromUrl = name === "" ? {} : pass === "" ? { auth_token: name } : { user: name, pass };
    const identity = {
      ...fromUrl,
      ...(token === undefined ? {} : { auth_token: token }),
      ...user?.identity(nonce),
    };
    const about = { verbose: false, pedantic: false, headers: true, no_responders: true, lang: "plimsoll" };
    this.#socket.write(
      `CONNECT ${JSON.stringify({ ...about, ...identity })}\r\nSUB ${this.#inbox}.* 1\r\nPING\r\n`,
    );
  }

  #message(words: readonly string[], lineBytes: number, headBytes: number): number {
    const bytes = Number(words.at(-1));
    const end = lineBytes + bytes + 2;
    if (!(end > 0) || !(headBytes <= bytes)) {
      this.fail(new Error("not a NATS server"));
      return 0;
    }
    if (this.#received.length < end) return 0;
    const head = this.#received.toString("latin1", lineBytes, lineBytes + headBytes);
    const payload = this.#received.toString("utf8", lineBytes + headBytes, end - 2);
    this.#waiting.get(words[0] ?? "")?.resolve({ status: /^NATS\/1\.0 (\d+)/.exec(head)?.[1], payload });
    return end;
  }
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** Nothing is said of who we are to a server that is not as the URL says. */
function objectionTo(
  { tls_required, tls_available }: Readonly<Record<string, unknown>>,
  isSecure: boolean,
): string | undefined {
  if (!isSecure) return tls_required === true ? "the server wants TLS: nats+tls://" : undefined;
  return tls_required === true || tls_available === true ? undefined : "the server does not speak TLS";
}

function parseInfo(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
