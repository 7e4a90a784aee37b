import { createHash, type Hash } from "node:crypto";
import { RegistryError } from "./registry-error.ts";

/** Content by its digest: an OCI descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export function digestOf(bytes: Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/**
 * Counts and hashes what passes. The last byte is handed on only after all of them are found to be the
 * content that was promised: whoever receives them never has a whole that is wrong.
 */
export class DigestCheck {
  readonly #what: string;
  readonly #expected: Descriptor;
  readonly #hash: Hash;
  #hashedBytes = 0;
  #found: string | undefined;

  constructor(what: string, expected: Descriptor) {
    this.#what = what;
    this.#expected = expected;
    this.#hash = createHash(expected.digest.startsWith("sha512:") ? "sha512" : "sha256");
  }

  /** `chunks` are the bytes `from` up to `to`: what has been hashed before is not hashed again. */
  async *pass(chunks: AsyncIterable<Uint8Array>, from: number, to: number): AsyncGenerator<Uint8Array> {
    let at = from;
    for await (const chunk of chunks) {
      this.#update(chunk, at);
      at += chunk.length;
      if (at > to) throw this.#failure(`longer than the ${this.#expected.sizeBytes} bytes it should have`);
      if (at === this.#expected.sizeBytes) this.#compare();
      yield chunk;
    }
    if (at < to) throw this.#failure(`ended after ${at} of ${this.#expected.sizeBytes} bytes`);
    if (to === 0) this.#compare();
  }

  #update(chunk: Uint8Array, at: number): void {
    const known = this.#hashedBytes - at;
    if (known >= chunk.length) return;
    this.#hash.update(known > 0 ? chunk.subarray(known) : chunk);
    this.#hashedBytes = at + chunk.length;
  }

  #compare(): void {
    this.#found ??= this.#hash.digest("hex");
    const [algorithm, wanted] = this.#expected.digest.split(":");
    if (this.#found !== wanted) throw this.#failure(`its content is ${algorithm}:${this.#found}`);
  }

  #failure(what: string): RegistryError {
    return new RegistryError(`${this.#what}: ${what}`);
  }
}
