import type { Clock } from "../../core/runtime/clock.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import { RegistryError } from "./registry-error.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Fetches a JSON document from a token server. */
export type FetchToken = (url: URL, headers: Readonly<Record<string, string>>) => Promise<unknown>;

/** A token that says nothing of its end lives for a minute (the token specification). */
const PRESET_LIFE_MS = 60_000;
/** Renewed that long before its end, for the request has a way to go. */
const MARGIN_MS = 5000;

interface Known {
  readonly header: Promise<string>;
  endsMs: number;
}

/** What stands in the Authorization header, for each scope that has been asked for. */
export class Authorization {
  readonly #registry: URL;
  readonly #credentials: Credentials | undefined;
  readonly #fetchToken: FetchToken;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(registry: URL, credentials: Credentials | undefined, fetchToken: FetchToken, clock: Clock) {
    this.#registry = registry;
    this.#credentials = credentials;
    this.#fetchToken = fetchToken;
    this.#clock = clock;
  }

  /** What has been accepted before; undefined until a challenge has been answered, or after its end. */
  async known(scope: string): Promise<string | undefined> {
    const known = this.#known.get(scope);
    if (known === undefined || this.#clock.monotonicMs() < known.endsMs) return known?.header;
    this.#known.delete(scope);
    return undefined;
  }

  /** Answers the challenge that came for `refused`. Requests that were refused together share one answer. */
  async answer(scope: string, refused: string | undefined, text: string | undefined): Promise<string> {
    const challenge = parseChallenge(text) ?? this.#raise("asks for an authorization that is not known here");
    const before = this.#known.get(scope);
    if (before !== undefined && (await before.header) !== refused) return before.header;
    const now = this.#known.get(scope);
    if (now !== undefined && now !== before) return now.header;
    const setEnd = (endsMs: number): void => {
      entry.endsMs = endsMs;
    };
    const entry: Known = { header: this.#header(challenge, scope, setEnd), endsMs: Number.POSITIVE_INFINITY };
    this.#known.set(scope, entry);
    entry.header.catch(() => this.#known.delete(scope));
    return entry.header;
  }

  async #header(challenge: Challenge, scope: string, setEnd: (ms: number) => void): Promise<string> {
    const basic = this.#credentials && `Basic ${encodeBasic(this.#credentials)}`;
    if (challenge.scheme === "basic") return basic ?? this.#raise("asks for a user and a password");
    const url = this.#tokenUrl(challenge, scope);
    const askedMs = this.#clock.monotonicMs();
    const token = await this.#fetchToken(url, basic === undefined ? {} : { authorization: basic });
    const { token: first, access_token: second, expires_in: seconds } = token as Record<string, unknown>;
    const text = first ?? second;
    if (typeof text !== "string" || text === "") return this.#raise(`got no token from ${url.origin}`);
    const lifeMs = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : PRESET_LIFE_MS;
    setEnd(askedMs + Math.max(lifeMs - MARGIN_MS, lifeMs / 2));
    return `Bearer ${text}`;
  }

  #tokenUrl({ realm, service, scope: asked }: Challenge & { scheme: "bearer" }, scope: string): URL {
    const url = URL.canParse(realm)
      ? new URL(realm)
      : this.#raise(`names ${JSON.stringify(realm)} as its token server`);
    // A password does not leave the encryption that it came under.
    if (this.#credentials !== undefined && this.#registry.protocol === "https:" && url.protocol !== "https:")
      this.#raise(`wants the password sent to ${url.origin} without TLS`);
    if (service !== undefined) url.searchParams.set("service", service);
    for (const each of (asked ?? scope).split(" ")) if (each !== "") url.searchParams.append("scope", each);
    if (this.#credentials !== undefined) url.searchParams.set("account", this.#credentials.username);
    return url;
  }

  #raise(what: string): never {
    throw new RegistryError(`registry ${this.#registry.host}: ${what}`, { status: 401 });
  }
}

function encodeBasic({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}
