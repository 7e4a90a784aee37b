import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { PlimsollError } from "../core/runtime/errors.ts";
import type { PushSettings } from "./push-settings.ts";
import { readTls, type TlsOptions, tlsVersion } from "./tls.ts";

/** What carries requests to one receiver: a kept-alive connection, direct or through a proxy. */
export interface HttpTransport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/** Opens nothing yet. `opened` gives a new transport when a certificate file has changed. */
export function openHttpTransport(url: URL, settings: PushSettings): { opened(): Promise<HttpTransport> } {
  let current: { readonly version: string; readonly transport: Promise<Opened> } | undefined;
  return {
    opened: async () => {
      const version = tlsVersion(settings);
      if (current?.version !== version) {
        void current?.transport.then(({ agent }) => agent.destroy());
        current = { version, transport: open(url, settings) };
        current.transport.catch(() => {
          current = undefined;
        });
      }
      return current.transport;
    },
  };
}

interface Opened extends HttpTransport {
  readonly agent: Agent;
}

/** Only what the URL needs is loaded: TLS costs half a megabyte. */
function open(url: URL, settings: PushSettings): Promise<Opened> {
  if (url.protocol === "https:") return openHttps(url, settings);
  return openHttp(url, settings.proxy);
}

/** A plain request to a proxy names the whole URL, and the receiver as its host. */
async function openHttp(url: URL, proxy: URL | undefined): Promise<Opened> {
  const { request, Agent } = await import("node:http");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const target = addressOf(proxy ?? url);
  if (proxy === undefined) {
    return { agent, request: (options, onResponse) => request({ ...options, ...target, agent }, onResponse) };
  }
  return {
    agent,
    request: (options, onResponse) => {
      const headers = { ...options.headers, host: url.host, ...proxyAuthorization(proxy) };
      return request({ ...options, ...target, agent, headers, path: url.origin + options.path }, onResponse);
    },
  };
}

async function openHttps(url: URL, settings: PushSettings): Promise<Opened> {
  const { request, Agent } = await import("node:https");
  const tls = readTls(url.hostname, settings);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });
  const { proxy } = settings;
  if (proxy !== undefined) await tunnelThrough(agent, proxy, url, { ...settings, tls });
  const target = addressOf(url);
  return { agent, request: (options, onResponse) => request({ ...options, ...target, agent }, onResponse) };
}

/** Has the agent make its connections by CONNECT (RFC 9110 §9.3.6), TLS inside. */
async function tunnelThrough(
  agent: Agent,
  proxy: URL,
  url: URL,
  { tls, timeoutMs }: { readonly tls: TlsOptions; readonly timeoutMs: number },
): Promise<void> {
  const http = await import("node:http");
  const { connect } = await import("node:tls");
  const authority = `${url.hostname}:${url.port || 443}`;
  const connecting = {
    ...addressOf(proxy),
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false as const,
  };
  type Done = (error: Error | null, socket?: Socket) => void;
  Object.assign(agent, {
    createConnection: (_: unknown, done: Done): void => {
      const asked = http.request(connecting);
      const silent = new Error(`no answer within ${timeoutMs} ms`);
      const timer = setTimeout(() => asked.destroy(silent), timeoutMs);
      asked.on("close", () => clearTimeout(timer));
      asked.on("connect", ({ statusCode = 0 }, socket) => {
        clearTimeout(timer);
        if (statusCode === 200) return done(null, connect({ ...tls, host: addressOf(url).host, socket }));
        socket.destroy();
        done(new PlimsollError("PROXY", `proxy ${proxy.host}: HTTP ${statusCode} to CONNECT`));
      });
      asked.on("error", (cause) => done(new PlimsollError("PROXY", `proxy ${proxy.host}`, { cause })));
      asked.end();
    },
  });
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** URL keeps the brackets of an IPv6 literal, connect(2) does not want them. */
function addressOf({ hostname, port }: URL): { host: string; port: string } {
  return { host: hostname.replace(/^\[|\]$/g, ""), port };
}
