import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../../core/runtime/clock.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { createHttpServer, type Listening, listen, type Tls } from "../listen.ts";
import type { Address } from "../server/address.ts";
import { renderToken, type TokenKey } from "./jwt.ts";
import { grant, type Right } from "./rights.ts";
import { parseScopes, type Scope } from "./scope.ts";
import { PasswordCheck, type Users } from "./users.ts";

/** A client that does not get on with its request. */
const REQUEST_MS = 10_000;
const MAX_SCOPES = 64;

export interface TokenOptions {
  /** The registry's name: tokens are for it alone. */
  readonly service: string;
  readonly rights: readonly Right[];
  /** Takes away what a quota forbids. */
  readonly limit: (scopes: readonly Scope[]) => Promise<readonly Scope[]>;
  readonly lifeSeconds: number;
  readonly key: TokenKey;
  /** As they are now. */
  readonly users: () => Users;
  readonly tls: Tls | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gives who asks a token for what they may do. What that is, is in the token: the registries ask nobody. */
export async function openTokenServer(address: Address, options: TokenOptions): Promise<Listening> {
  const check = new PasswordCheck();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body, challenge } = await answer(request, check, options).catch((error): Reply => {
      options.log.error({ err: error }, "token not given");
      return { status: 503, body: { details: "not now" } };
    });
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    response.writeHead(status, { ...headers, ...(challenge ? { "www-authenticate": challenge } : {}) });
    response.end(JSON.stringify(body));
  };
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
  return listen("token server", createHttpServer(options.tls, limits, handle), address);
}

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly challenge?: string;
}

async function answer(request: IncomingMessage, check: PasswordCheck, options: TokenOptions): Promise<Reply> {
  const { service, rights, limit, lifeSeconds, key, clock, log } = options;
  request.resume();
  // Clients that ask by POST, as OAuth 2 has it, then ask by GET.
  if (request.method !== "GET") return { status: 405, body: { details: "ask with GET" } };
  const query = new URLSearchParams(request.url?.split(/\?(.*)/s)[1]); // whatever stands before it
  if (query.get("service") !== service)
    return { status: 400, body: { details: `not the service ${service}` } };
  const scopes = parseScopes(query.getAll("scope"));
  if (scopes.length > MAX_SCOPES) return { status: 400, body: { details: "too many scopes" } };
  const given = parseBasic(request.headers.authorization);
  if (given !== undefined && !(await check.check(options.users(), given.name, given.password))) {
    log.warn({ user: given.name, address: request.socket.remoteAddress }, "password refused");
    const challenge = `Basic realm="${service}"`;
    return { status: 401, body: { details: "wrong user or password" }, challenge };
  }
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const access = await limit(grant(rights, given?.name, scopes));
  const about = { issuer: service, audience: service, subject: given?.name ?? "", access };
  const token = renderToken(key, { ...about, nowSeconds, lifeSeconds, id: randomUUID() });
  const issued_at = new Date(nowSeconds * 1000).toISOString();
  return { status: 200, body: { token, access_token: token, expires_in: lifeSeconds, issued_at } };
}

function parseBasic(
  header: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  if (header === undefined) return undefined;
  const [, encoded = ""] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header) ?? [];
  const [, name = "", password = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  return { name, password };
}
