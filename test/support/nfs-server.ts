import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Cleanup } from "./cleanup.ts";

/*
 * Just enough of an NFS server for the kernel to mount: one folder with one file, read-only, and a switch that lets
 * every request go unanswered. RFC 5531 (RPC; over TCP each message has its length before it), RFC 1813 (NFS
 * version 3 and its mount protocol).
 */

export interface NfsServer {
  readonly port: number;
  /** From now on nobody gets an answer; connections stay. */
  stall(): void;
  /** Answers what has come meanwhile, and goes on. */
  goOn(): void;
}

const MOUNT_PROGRAM = 100_005;
const NFS_PROGRAM = 100_003;
const [DIRECTORY, FILE] = [2, 1];
const [FOLDER_ID, FILE_ID] = [1, 2];
const LAST_FRAGMENT = 0x8000_0000;
const PROC_UNAVAIL = 3;
const NFS3ERR_NOENT = 2;

/** The file `name` with `text` in it, on loopback; mounting takes `vers=3,nolock,noacl,nordirplus` and the port. */
export async function startNfsServer(cleanup: Cleanup, name: string, text: string): Promise<NfsServer> {
  const folder = new Folder(name, Buffer.from(text));
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  let isStalled = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    splitMessages(socket, (call) => {
      const answer = (): void => void socket.write(folder.answer(call));
      if (isStalled) waiting.push(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const goOn = (): void => {
    isStalled = false;
    for (const answer of waiting.splice(0)) answer();
  };
  cleanup.add("NFS server", () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => {
      isStalled = true;
    },
    goOn,
  };
}

function splitMessages(socket: Socket, take: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4) {
      const end = 4 + (rest.readUInt32BE(0) & ~LAST_FRAGMENT);
      if (rest.length < end) return;
      take(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  });
}

/** What the server has, and the procedures over it. */
class Folder {
  readonly #name: string;
  readonly #content: Buffer;

  constructor(name: string, content: Buffer) {
    this.#name = name;
    this.#content = content;
  }

  answer(call: Buffer): Buffer {
    const from = new Reader(call);
    const [transaction, , , program, , procedure] = [0, 0, 0, 0, 0, 0].map(() => from.word());
    for (const _ of ["credentials", "verifier"]) {
      from.word();
      from.opaque();
    }
    const result = program === MOUNT_PROGRAM ? this.#mount(procedure) : undefined;
    const body = program === NFS_PROGRAM ? this.#serve(procedure, from) : result;
    const [accepted, rest] = body === undefined ? [PROC_UNAVAIL, []] : [0, body];
    const message = Buffer.concat([words(transaction ?? 0, 1, 0, 0, 0, accepted), ...rest]);
    return Buffer.concat([words(LAST_FRAGMENT + message.length), message]);
  }

  #mount(procedure: number | undefined): readonly Buffer[] | undefined {
    if (procedure === 0 || procedure === 3) return []; // NULL, UMNT
    const authUnix = words(1, 1);
    return procedure === 1 ? [words(0), opaque(words(FOLDER_ID)), authUnix] : undefined; // MNT
  }

  #serve(procedure: number | undefined, from: Reader): readonly Buffer[] | undefined {
    if (procedure === 0) return [];
    const id = new Reader(from.opaque()).word();
    const attributes = Buffer.concat([words(1), this.#attributesOf(id)]);
    const procedures: Readonly<Record<number, () => readonly Buffer[]>> = {
      1: () => [words(0), this.#attributesOf(id)], // GETATTR
      3: () => this.#lookUp(from.opaque().toString(), attributes), // LOOKUP
      4: () => [words(0), attributes, words(from.word())], // ACCESS: all that was asked
      6: () => this.#read(from.long(), from.word(), attributes), // READ
      16: () => this.#list(from.long(), attributes), // READDIR
      18: () => [words(0), attributes, longs(2 ** 30, 2 ** 29, 2 ** 28, 1000, 500, 400), words(0)], // FSSTAT
      19: () => [words(0), attributes, words(...Array(7).fill(4096)), longs(2 ** 30), words(0, 1, 0x1b)], // FSINFO
      20: () => [words(0), attributes, words(1, 255, 1, 1, 0, 1)], // PATHCONF
    };
    return procedures[procedure ?? -1]?.();
  }

  #lookUp(name: string, folderAttributes: Buffer): readonly Buffer[] {
    if (name !== this.#name) return [words(NFS3ERR_NOENT), folderAttributes];
    return [words(0), opaque(words(FILE_ID)), words(1), this.#attributesOf(FILE_ID), folderAttributes];
  }

  #read(offset: number, count: number, attributes: Buffer): readonly Buffer[] {
    const data = this.#content.subarray(offset, offset + count);
    const isEnd = offset + data.length >= this.#content.length;
    return [words(0), attributes, words(data.length, isEnd ? 1 : 0), opaque(data)];
  }

  #list(cookie: number, attributes: Buffer): readonly Buffer[] {
    const entry = [words(1), longs(FILE_ID), opaque(Buffer.from(this.#name)), longs(1)];
    return [words(0), attributes, longs(0), ...(cookie === 0 ? entry : []), words(0, 1)];
  }

  #attributesOf(id: number): Buffer {
    const [type, mode, size] =
      id === FOLDER_ID ? [DIRECTORY, 0o755, 4096] : [FILE, 0o644, this.#content.length];
    const times = words(...Array(6).fill(1));
    return Buffer.concat([words(type, mode, 1, 0, 0), longs(size, size, 0, 1, id), times]);
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  word(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  long(): number {
    return this.word() * 2 ** 32 + this.word();
  }

  /** Its length, and itself up to a whole word. */
  opaque(): Buffer {
    const length = this.word();
    const start = this.#at;
    this.#at += Math.ceil(length / 4) * 4;
    return this.#bytes.subarray(start, start + length);
  }
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
}

function longs(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => words(Math.floor(value / 2 ** 32), value % 2 ** 32)));
}

function opaque(bytes: Buffer): Buffer {
  return Buffer.concat([words(bytes.length), bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
