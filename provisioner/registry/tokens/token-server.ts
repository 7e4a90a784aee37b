import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { clientName } from "../gate/client-name.ts";
import { untilOver } from "../gate/leaving.ts";
import { type Share, Turns } from "../gate/turns.ts";
import { createHttpServer, type Listening, listen, type Tls } from "../listen.ts";
import type { Address } from "../server/address.ts";
import { Door, type DoorOptions, type Given, type Turned } from "./door.ts";
import { renderToken, type TokenKey } from "./jwt.ts";
import { grant, type Right } from "./rights.ts";
import { parseScopes, type Scope } from "./scope.ts";

/** A client that does not get on with its request. */
const REQUEST_MS = 10_000;
const MAX_SCOPES = 64;
/** As the gate has it: a client may be a whole site behind one address. */
const REQUESTS: Share = { all: 1024, each: 256 };
const AGAIN_SECONDS = 5;

export interface TokenOptions extends DoorOptions {
  /** The registry's name: tokens are for it alone. */
  readonly service: string;
  readonly rights: readonly Right[];
  /** Takes away what a quota forbids. */
  readonly limit: (scopes: readonly Scope[]) => Promise<readonly Scope[]>;
  readonly lifeSeconds: number;
  readonly key: TokenKey;
  readonly tls: Tls | undefined;
}

/** Gives who asks a token for what they may do. What that is, is in the token: the registries ask nobody. */
export async function openTokenServer(address: Address, options: TokenOptions): Promise<Listening> {
  const door = new Door(options);
  const requests = new Turns(REQUESTS);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    const release = requests.tryTake(clientName(request.socket.remoteAddress));
    if (typeof release === "string") return give(response, TOO_MANY);
    const over = untilOver(response);
    over.addEventListener("abort", release);
    if (request.url === "/metrics" && isOfThisHost(request)) return void response.end(door.renderMetrics());
    const reply = await answer(request, door, over, options).catch((error): Reply => {
      options.log.error({ err: error }, "token not given");
      return { status: 503, body: { details: "not now" } };
    });
    give(response, reply);
  };
  const limits = {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    connectionsCheckingInterval: REQUEST_MS / 4,
  };
  return listen("token server", createHttpServer(options.tls, limits, handle), address);
}

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly challenge?: string;
  readonly againSeconds?: number;
}

const TOO_MANY: Reply = {
  status: 429,
  body: { details: "too many requests at once" },
  againSeconds: AGAIN_SECONDS,
};

function give(response: ServerResponse, { status, body, challenge, againSeconds }: Reply): void {
  response.writeHead(status, {
    ...{ "content-type": "application/json", "cache-control": "no-store" },
    ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
    ...(againSeconds === undefined ? {} : { "retry-after": `${againSeconds}` }),
  });
  response.end(JSON.stringify(body));
}

/** Who reads the metrics is on the same host, whatever address it listens at. */
function isOfThisHost({ socket }: IncomingMessage): boolean {
  return socket.remoteAddress === socket.localAddress;
}

async function answer(
  request: IncomingMessage,
  door: Door,
  over: AbortSignal,
  options: TokenOptions,
): Promise<Reply> {
  const { service, rights, limit, lifeSeconds, key, clock } = options;
  // Clients that ask by POST, as OAuth 2 has it, then ask by GET.
  if (request.method !== "GET") return { status: 405, body: { details: "ask with GET" } };
  const query = new URLSearchParams(request.url?.split(/\?(.*)/s)[1]); // whatever stands before it
  if (query.get("service") !== service)
    return { status: 400, body: { details: `not the service ${service}` } };
  const scopes = parseScopes(query.getAll("scope"));
  if (scopes.length > MAX_SCOPES) return { status: 400, body: { details: "too many scopes" } };
  const given = parseBasic(request.headers.authorization);
  const refused = given && (await door.refuse(given, request.socket.remoteAddress, over));
  if (refused !== undefined) return replyTo(refused, service);
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const access = await limit(grant(rights, given?.name, scopes));
  const about = { issuer: service, audience: service, subject: given?.name ?? "", access };
  const token = renderToken(key, { ...about, nowSeconds, lifeSeconds, id: randomUUID() });
  const issued_at = new Date(nowSeconds * 1000).toISOString();
  return { status: 200, body: { token, access_token: token, expires_in: lifeSeconds, issued_at } };
}

function replyTo(turned: Turned, service: string): Reply {
  if (turned.why === "wrong")
    return {
      ...{ status: 401, body: { details: "wrong user or password" } },
      challenge: `Basic realm="${service}"`,
    };
  const { why, againSeconds } = turned;
  return why === "too many"
    ? { status: 429, body: { details: "too many wrong passwords from here" }, againSeconds }
    : { status: 503, body: { details: "too many passwords at once" }, againSeconds };
}

function parseBasic(header: string | undefined): Given | undefined {
  if (header === undefined) return undefined;
  const [, encoded = ""] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header) ?? [];
  const [, name = "", password = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  return { name, password };
}
