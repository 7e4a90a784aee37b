/*
 * What the OCI's conformance suite (opencontainers/distribution-spec, folder conformance) asks of a registry, by its
 * own names, in our words. A case throws where the answer is another, in words that are the same for each registry.
 */
import { randomBytes } from "node:crypto";
import { digestOf } from "../../provisioner/registry/digest-check.ts";

export const REPOSITORY = "conformance/one";
export const OTHER = "conformance/two";
const OCTETS = "application/octet-stream";
/** The least that a registry may want of a chunk is not asked: 2.8 and 3 want nothing. */
const CHUNK_BYTES = 1024;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface Question {
  readonly body?: Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to those that the URL has. */
  readonly query?: Readonly<Record<string, string>>;
}

/** A registry, as one client comes to it; to its replicas in turn. */
export class Wire {
  readonly #bases: readonly string[];
  readonly #authorization: (() => Promise<string>) | undefined;

  #asked = 0;

  /** They end in `/v2/`. */
  constructor(bases: readonly string[], authorization?: () => Promise<string>) {
    this.#bases = bases;
    this.#authorization = authorization;
  }

  async ask(method: string, target: string, { body, headers, query = {} }: Question = {}): Promise<Reply> {
    const url = new URL(target, this.#bases[this.#asked++ % this.#bases.length]);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const authorization = await this.#authorization?.();
    const sent = { ...headers, ...(authorization === undefined ? {} : { authorization }) };
    const answer = await fetch(url, { method, headers: sent, ...(body === undefined ? {} : { body }) });
    // 2.8 announces a blob's length with the refusal of a range, too: nobody reads that to its end.
    const bytes = await answer.arrayBuffer().catch(() => new ArrayBuffer());
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(bytes) };
  }

  /** Its answer, which has one of these status codes. */
  async want(
    what: string,
    statuses: readonly number[],
    method: string,
    target: string,
    question?: Question,
  ): Promise<Reply> {
    const reply = await this.ask(method, target, question);
    if (!statuses.includes(reply.status))
      throw new Error(`${what}: ${reply.status}, not ${statuses.join(" or ")}`);
    return reply;
  }
}

export type Case = (wire: Wire) => Promise<void>;

export function same(what: string, is: unknown, wanted: unknown): void {
  if (is !== wanted) throw new Error(`${what}: ${String(is)}, not ${String(wanted)}`);
}

function sameBytes(what: string, { bytes }: Reply, wanted: Buffer): void {
  if (!bytes.equals(wanted)) throw new Error(`${what}: other bytes`);
}

export const blobPath = (digest: string, repository: string = REPOSITORY): string =>
  `${repository}/blobs/${digest}`;

/** Where it leads on: a target of the next question. */
export function location(what: string, { headers }: Reply): string {
  const found = headers.get("location");
  if (found === null) throw new Error(`${what}: no location`);
  return found;
}

export async function open(wire: Wire, repository: string = REPOSITORY): Promise<string> {
  return location("post", await wire.want("post", [202], "POST", `${repository}/blobs/uploads/`));
}

const octets = (body: Buffer, range?: string): Question => ({
  body,
  headers: { "content-type": OCTETS, ...(range === undefined ? {} : { "content-range": range }) },
});

export async function close(wire: Wire, at: string, digest: string, rest?: Buffer): Promise<Reply> {
  const question = octets(rest ?? Buffer.alloc(0));
  return wire.want("put", [201], "PUT", at, { ...question, query: { digest } });
}

/** What has been pushed is there, where the answer says and by its digest. */
async function isThere(wire: Wire, bytes: Buffer, pushed?: Reply): Promise<void> {
  const digest = digestOf(bytes);
  if (pushed !== undefined) {
    same("digest of the answer", pushed.headers.get("docker-content-digest") ?? digest, digest);
    sameBytes("location", await wire.want("location", [200], "GET", location("put", pushed)), bytes);
  }
  const head = await wire.want("head", [200], "HEAD", blobPath(digest));
  same("length of head", head.headers.get("content-length"), `${bytes.length}`);
  sameBytes("get", await wire.want("get", [200], "GET", blobPath(digest)), bytes);
  await wire.want("delete", [202], "DELETE", blobPath(digest));
  await wire.want("head after delete", [404], "HEAD", blobPath(digest));
}

export async function push(wire: Wire, bytes: Buffer, repository: string = REPOSITORY): Promise<Reply> {
  return close(wire, await open(wire, repository), digestOf(bytes), bytes);
}

/** In chunks of which the last may be sent with the PUT; `digest` is another's where that has to be noticed. */
async function pushChunks(
  wire: Wire,
  bytes: Buffer,
  { withPut = false, isDisordered = false, digest = digestOf(bytes), wanted = 201 } = {},
): Promise<Reply> {
  let at = await open(wire);
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    const chunk = bytes.subarray(from, from + CHUNK_BYTES);
    const range = `${from}-${from + chunk.length - 1}`;
    if (isDisordered) {
      const later = `${from + CHUNK_BYTES}-${from + 2 * CHUNK_BYTES - 1}`;
      await wire.want("chunk out of order", [416], "PATCH", at, octets(Buffer.alloc(CHUNK_BYTES), later));
      at = location("status", await wire.want("status", [204], "GET", at));
    }
    if (withPut && from + CHUNK_BYTES >= bytes.length)
      return wire.want("put chunk", [wanted], "PUT", at, { ...octets(chunk, range), query: { digest } });
    const sent = await wire.want("chunk", [202], "PATCH", at, octets(chunk, range));
    same("range", sent.headers.get("range"), `0-${from + chunk.length - 1}`);
    at = location("chunk", sent);
  }
  return wire.want("put", [wanted], "PUT", at, { ...octets(Buffer.alloc(0)), query: { digest } });
}

async function pushStream(wire: Wire, bytes: Buffer): Promise<string> {
  return location("stream", await wire.want("stream", [202], "PATCH", await open(wire), octets(bytes)));
}

const small = (): Buffer => randomBytes(512);
const threeChunks = (): Buffer => randomBytes(3 * CHUNK_BYTES - 5);
/** Of other bytes. */
const wrong = (): string => digestOf(randomBytes(8));

async function postOnly(wire: Wire, bytes: Buffer, digest: string, wanted: number): Promise<Reply> {
  const question = { ...octets(bytes), query: { digest } };
  const posted = await wire.want("post", [wanted, 202], "POST", `${REPOSITORY}/blobs/uploads/`, question);
  if (posted.status !== 202) return posted;
  return wire.want("put", [wanted], "PUT", location("post", posted), question); // it may want it so
}

function mountFrom(source: string | undefined, isPushed: boolean): Case {
  return async (wire) => {
    const bytes = small();
    const digest = digestOf(bytes);
    if (isPushed) await push(wire, bytes, OTHER);
    const query = { mount: digest, ...(source === undefined ? {} : { from: source }) };
    const wanted = !isPushed ? [202] : source === undefined ? [201, 202] : [201];
    const mounted = await wire.want("mount", wanted, "POST", `${REPOSITORY}/blobs/uploads/`, { query });
    if (mounted.status === 201) return isThere(wire, bytes, mounted);
    await isThere(wire, bytes, await close(wire, location("mount", mounted), digest, bytes));
  };
}

/** `wanted` is the first and the last byte, of 2048. */
function range(asked: string, wanted: readonly [number, number] | undefined): Case {
  return async (wire) => {
    const bytes = randomBytes(2048);
    await push(wire, bytes);
    const path = blobPath(digestOf(bytes));
    const headers = { range: `bytes=${asked}` };
    const got = await wire.want("range", [wanted === undefined ? 416 : 206], "GET", path, { headers });
    if (wanted === undefined) return;
    const [first, last] = wanted;
    sameBytes("range", got, bytes.subarray(first, last + 1));
    same("content-range", got.headers.get("content-range"), `bytes ${first}-${last}/2048`);
  };
}

const known =
  (bytes: Buffer): Case =>
  async (wire) =>
    isThere(wire, bytes, await push(wire, bytes));

export const BLOB_CASES: Readonly<Record<string, Case>> = {
  "get-missing": async (wire) => void (await wire.want("get", [404], "GET", blobPath(wrong()))),
  "post only": async (wire) => {
    const bytes = small();
    await isThere(wire, bytes, await postOnly(wire, bytes, digestOf(bytes), 201));
  },
  "post+put": async (wire) => known(small())(wire),
  "chunked single": async (wire) => {
    const bytes = small();
    await isThere(wire, bytes, await pushChunks(wire, bytes));
  },
  "chunked multi": async (wire) => {
    const bytes = threeChunks();
    await isThere(wire, bytes, await pushChunks(wire, bytes));
  },
  "chunked multi and put chunk": async (wire) => {
    const bytes = threeChunks();
    await isThere(wire, bytes, await pushChunks(wire, bytes, { withPut: true }));
  },
  "chunked out-of-order": async (wire) => {
    const bytes = threeChunks();
    await isThere(wire, bytes, await pushChunks(wire, bytes, { isDisordered: true }));
  },
  stream: async (wire) => {
    const bytes = small();
    await isThere(wire, bytes, await close(wire, await pushStream(wire, bytes), digestOf(bytes)));
  },
  mount: mountFrom(OTHER, true),
  "mount anonymous": mountFrom(undefined, true),
  "mount missing": mountFrom(OTHER, false),
  "post cancel": async (wire) => {
    const at = await open(wire);
    await wire.want("cancel", [204], "DELETE", at);
    await wire.want("status after cancel", [404], "GET", at);
  },
  "range 500-1499": range("500-1499", [500, 1499]),
  "range 500-": range("500-", [500, 2047]),
  "range -500": range("-500", [1548, 2047]),
  "range 2000-5000": range("2000-5000", [2000, 2047]),
  "range 500-0": range("500-0", undefined),
  "range 5000-10000": range("5000-10000", undefined),
  empty: known(Buffer.alloc(0)),
  emptyJSON: known(Buffer.from("{}")),
  "bad digest post only": async (wire) => void (await postOnly(wire, small(), wrong(), 400)),
  "bad digest post+put": async (wire) => {
    const question = { ...octets(small()), query: { digest: wrong() } };
    await wire.want("put", [400], "PUT", await open(wire), question);
  },
  "bad digest chunked": async (wire) =>
    void (await pushChunks(wire, threeChunks(), { digest: wrong(), wanted: 400 })),
  "bad digest chunked and put chunk": async (wire) =>
    void (await pushChunks(wire, threeChunks(), { digest: wrong(), wanted: 400, withPut: true })),
  "bad digest stream": async (wire) => {
    const question = { ...octets(Buffer.alloc(0)), query: { digest: wrong() } };
    await wire.want("put", [400], "PUT", await pushStream(wire, small()), question);
  },
};
