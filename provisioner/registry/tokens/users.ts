/*
 * ada:scrypt:15:aGVsbG8…:c2VjcmV0…
 *
 * A user each line: N of scrypt(3) as a power of two, salt and hash in base64.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../../core/runtime/errors.ts";

/** A tenth of a second and 32 MiB for each guess. */
const COST = 15;
const MOST_COST = 20;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** What has been right is right for a while: a pull asks for a dozen tokens. */
const REMEMBER = 1000;

export interface PasswordHash {
  readonly cost: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export type Users = ReadonlyMap<string, PasswordHash>;

export function isUserName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

export function parseUsers(file: string, text: string): Users {
  const users = new Map<string, PasswordHash>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name = "", cost = "", salt = "", hash = ""] =
      /^([^:]+):scrypt:(\d{1,2}):([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const bytes = Buffer.from(hash, "base64");
    if (!isUserName(name) || bytes.length !== HASH_BYTES || Number(cost) > MOST_COST || Number(cost) < 1)
      throw new UsageError(`${file}:${at + 1}: is no user`, {
        hint: "plimsoll registry passwd makes the line",
      });
    users.set(name, { cost: Number(cost), salt: Buffer.from(salt, "base64"), hash: bytes });
  }
  return users;
}

export async function hashPassword(password: string, cost: number = COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return { cost, salt, hash: await derive(password, salt, cost) };
}

export function renderUser(name: string, { cost, salt, hash }: PasswordHash): string {
  return `${name}:scrypt:${cost}:${salt.toString("base64")}:${hash.toString("base64")}`;
}

/** Whether passwords are right: in the same time for a name that nobody has. */
export class PasswordCheck {
  readonly #secret = randomBytes(32);
  /** Digests of what has been right, the oldest first. */
  readonly #right = new Set<string>();

  /** Whether it has been right before: that costs nothing. */
  isKnown(users: Users, name: string, password: string): boolean {
    return this.#right.has(this.#markOf(users.get(name), name, password));
  }

  async check(users: Users, name: string, password: string): Promise<boolean> {
    if (this.isKnown(users, name, password)) return true;
    const known = users.get(name);
    const { cost, salt, hash } = known ?? {
      cost: COST,
      salt: Buffer.alloc(SALT_BYTES),
      hash: Buffer.alloc(HASH_BYTES),
    };
    const derived = await derive(password, salt, cost);
    if (!timingSafeEqual(derived, hash) || known === undefined) return false;
    this.#right.add(this.#markOf(known, name, password));
    for (const oldest of this.#right) if (this.#right.size > REMEMBER) this.#right.delete(oldest);
    return true;
  }

  /** Another one when the password is changed. */
  #markOf(known: PasswordHash | undefined, name: string, password: string): string {
    const stored = known?.hash.toString("base64") ?? "";
    return createHmac("sha256", this.#secret)
      .update(JSON.stringify([name, password, stored]))
      .digest("base64");
  }
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options = { N: 2 ** cost, r: 8, p: 1, maxmem: 256 * 2 ** cost * 8 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
