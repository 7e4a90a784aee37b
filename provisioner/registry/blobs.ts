import type { Answer, Call, RegistryConnection } from "./connection.ts";
import { type Descriptor, DigestCheck } from "./digest-check.ts";
import { isDigest, path, scopeOf } from "./names.ts";
import { RegistryError } from "./registry-error.ts";

/** Bytes `from` up to `to` of a blob. */
export type BlobSource = (from: number, to: number) => AsyncIterable<Uint8Array>;

/** How often a transfer that gets on is taken up again. */
const MAX_RESUMES = 5;
/** Blobs above this go up piece by piece: what has arrived need not be sent again. */
const CHUNK_BYTES: number = 32 * 1024 * 1024;

/** The blobs of one registry: layers and configurations, by digest. */
export class Blobs {
  readonly #connection: RegistryConnection;
  readonly #chunkBytes: number;

  constructor(connection: RegistryConnection, chunkBytes: number = CHUNK_BYTES) {
    this.#connection = connection;
    this.#chunkBytes = chunkBytes;
  }

  async has(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#connection.call(this.#blobCall("HEAD", repository, digest, [200, 404]));
    await answer.body.dump();
    return answer.statusCode === 200;
  }

  /** Bytes `from` up to `to`; a connection that breaks is taken up where it broke. */
  async *range(repository: string, blob: Descriptor, from: number, to: number): AsyncGenerator<Uint8Array> {
    const call = this.#blobCall("GET", repository, blob.digest, [200, 206]);
    let at = from;
    for (let resumes = 0; at < to; resumes++) {
      if (resumes > MAX_RESUMES)
        throw this.#failure(call, `broke off ${resumes} times, after ${at} of ${blob.sizeBytes} bytes`);
      const before = at;
      for await (const chunk of this.#rest(call, at, to)) {
        at += chunk.length;
        yield chunk;
      }
      if (at > before) resumes = 0;
    }
  }

  /** What one request brings of them: less, when the connection breaks. */
  async *#rest(call: Call, from: number, to: number): AsyncGenerator<Uint8Array> {
    const { statusCode, headers, body } = await this.#connection.call({
      ...call,
      headers: { range: `bytes=${from}-${to - 1}` },
    });
    if (statusCode === 206 && !String(headers["content-range"]).startsWith(`bytes ${from}-`)) {
      await body.dump();
      throw this.#failure(
        call,
        `answers with ${JSON.stringify(headers["content-range"])}, asked from ${from} on`,
      );
    }
    // A server that knows no ranges begins at the beginning.
    let at = statusCode === 206 ? from : 0;
    const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
    try {
      // One more than there should be: a body that is read to its end leaves the connection for the next.
      while (at <= to) {
        const next = await chunks.next().catch(() => undefined); // broken off
        if (next === undefined || next.done) return;
        const wanted = next.value.subarray(Math.max(0, from - at), to - at);
        at += next.value.length;
        if (wanted.length > 0) yield wanted;
      }
    } finally {
      body.destroy();
    }
  }

  /** The whole of a blob, checked: it ends well only when it was what its digest says. */
  read(repository: string, blob: Descriptor): AsyncGenerator<Uint8Array> {
    const check = new DigestCheck(
      `registry ${this.#connection.url.host}: ${repository}@${blob.digest}`,
      blob,
    );
    return check.pass(this.range(repository, blob, 0, blob.sizeBytes), 0, blob.sizeBytes);
  }

  /** Takes over a blob from another repository of the same registry; false where it has to be sent. */
  async mount(repository: string, digest: string, from: string): Promise<boolean> {
    const query = new URLSearchParams({ mount: digest, from: path(from) });
    const call = this.#uploadCall(
      "POST",
      repository,
      `${path(repository)}/blobs/uploads/?${query}`,
      [201, 202],
    );
    const answer = await this.#connection.call({ ...call, scope: `${call.scope} ${scopeOf(from)}` });
    await answer.body.dump();
    if (answer.statusCode === 201) return true;
    await this.#cancel(repository, this.#location(answer, repository));
    return false;
  }

  /** Sends a blob. It is checked on its way: nothing wrong is ever completed. */
  async write(repository: string, blob: Descriptor, source: BlobSource): Promise<void> {
    const check = new DigestCheck(`blob ${repository}@${blob.digest}`, blob);
    const opened = await this.#connection.call(
      this.#uploadCall("POST", repository, `${path(repository)}/blobs/uploads/`, [202]),
    );
    await opened.body.dump();
    const upload = { location: this.#location(opened, repository), sentBytes: 0 };
    try {
      if (blob.sizeBytes > this.#chunkBytes) await this.#sendPieces(repository, blob, upload, check, source);
      await this.#complete(repository, blob, upload, check, source);
    } catch (error) {
      await this.#cancel(repository, upload.location);
      throw error;
    }
  }

  /** All but the last piece. */
  async #sendPieces(
    repository: string,
    blob: Descriptor,
    upload: Upload,
    check: DigestCheck,
    source: BlobSource,
  ): Promise<void> {
    for (let failures = 0; blob.sizeBytes - upload.sentBytes > this.#chunkBytes; ) {
      const [from, to] = [upload.sentBytes, upload.sentBytes + this.#chunkBytes];
      try {
        const call = this.#uploadCall("PATCH", repository, upload.location, [202]);
        const headers = { ...bodyHeaders(to - from), "content-range": `${from}-${to - 1}` };
        const answer = await this.#connection.call({
          ...call,
          headers,
          body: () => check.pass(source(from, to), from, to),
        });
        await answer.body.dump();
        upload.location = this.#location(answer, repository);
        upload.sentBytes = to;
      } catch (error) {
        if (!(error instanceof RegistryError) || !error.isPassing || ++failures > MAX_RESUMES) throw error;
        await this.#askHowFar(repository, upload);
      }
    }
  }

  async #complete(
    repository: string,
    blob: Descriptor,
    upload: Upload,
    check: DigestCheck,
    source: BlobSource,
  ): Promise<void> {
    const [from, to] = [upload.sentBytes, blob.sizeBytes];
    const url = new URL(upload.location);
    url.searchParams.set("digest", blob.digest);
    const answer = await this.#connection.call({
      ...this.#uploadCall("PUT", repository, url, [201]),
      headers: bodyHeaders(to - from),
      body: () => check.pass(source(from, to), from, to),
    });
    await answer.body.dump();
  }

  /** After a failure: what the registry has kept of it. */
  async #askHowFar(repository: string, upload: Upload): Promise<void> {
    const answer = await this.#connection.call(this.#uploadCall("GET", repository, upload.location, [204]));
    await answer.body.dump();
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range))?.[1] ?? 0);
    upload.location = this.#location(answer, repository);
    upload.sentBytes = last === 0 ? 0 : last + 1;
  }

  /** As a courtesy: a registry removes what was begun and left by itself, some day. */
  async #cancel(repository: string, location: URL): Promise<void> {
    try {
      const answer = await this.#connection.call(
        this.#uploadCall("DELETE", repository, location, [204, 404]),
      );
      await answer.body.dump();
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
    }
  }

  #failure({ what }: Call, why: string): RegistryError {
    return new RegistryError(`registry ${this.#connection.url.host}: ${what}: ${why}`);
  }

  #location(answer: Answer, what: string): URL {
    return this.#connection.resolve(String(answer.headers.location ?? ""), `upload to ${what}`);
  }

  #blobCall(method: "GET" | "HEAD", repository: string, digest: string, ok: readonly number[]): Call {
    if (!isDigest(digest)) throw new RegistryError(`${JSON.stringify(digest)} is not a digest`);
    const target = `${path(repository)}/blobs/${digest}`;
    return { method, target, what: `${repository}@${digest}`, scope: scopeOf(repository), ok };
  }

  #uploadCall(method: Call["method"], repository: string, target: string | URL, ok: readonly number[]): Call {
    return { method, target, what: `upload to ${repository}`, scope: scopeOf(repository, "pull,push"), ok };
  }
}

interface Upload {
  location: URL;
  sentBytes: number;
}

function bodyHeaders(sizeBytes: number): Record<string, string> {
  return { "content-length": `${sizeBytes}`, "content-type": "application/octet-stream" };
}
