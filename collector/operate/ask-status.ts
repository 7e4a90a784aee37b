import { errnoOf, NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import type { ListenAddress } from "../http/server.ts";
import { STATUS_PATH } from "../routes/status.ts";
import type { ServeOptions } from "../serve-options.ts";
import type { CollectorStatus } from "../status/status.ts";

const PATIENCE_MS = 10_000;

/** Where a collector with these options has its pages, as seen from its own host. */
export function adminUrl({ listen, adminListen }: Pick<ServeOptions, "listen" | "adminListen">): URL {
  const hint = "name the running collector with --url";
  const [address] = adminListen.length > 0 ? adminListen : listen;
  if (address === undefined || address.port === 0) throw new UsageError("listen: the port is any", { hint });
  const url = `${address.isTls ? "https" : "http"}://${reachable(address)}:${address.port}`;
  // One with a zone, fe80::1%eth0, for example.
  if (!URL.canParse(url)) throw new UsageError(`listen: ${address.host} cannot be in a URL`, { hint });
  return new URL(url);
}

/** Any address of ours is also reached by loopback. */
function reachable({ host }: ListenAddress): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** Throws NotFoundError where nobody listens. */
export async function askStatus(url: URL): Promise<CollectorStatus> {
  const { Agent, request } = await import("undici"); // --help needs none of it
  // We go where our own configuration says that we listen: whose name is in the certificate does not matter.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { statusCode, body } = await request(new URL(STATUS_PATH, url), { dispatcher, signal });
    const text = await body.text();
    if (statusCode !== 200)
      throw new PlimsollError("STATUS", `collector ${url.origin}: answers ${statusCode}`);
    return parseStatus(url, text);
  } catch (cause) {
    throw asAnswer(url, cause);
  } finally {
    await dispatcher.destroy();
  }
}

function parseStatus(url: URL, text: string): CollectorStatus {
  try {
    const status = JSON.parse(text) as CollectorStatus;
    if (typeof status.machines.known === "number" && Array.isArray(status.sinks)) return status;
  } catch {
    // Said below.
  }
  throw new PlimsollError("STATUS", `collector ${url.origin}: what answers there is no collector`);
}

function asAnswer(url: URL, cause: unknown): PlimsollError {
  if (cause instanceof PlimsollError) return cause;
  const hint = "start plimsoll-collector serve, or name the one that runs with --url";
  if (errnoOf(cause) === "ECONNREFUSED")
    return new NotFoundError(`collector ${url.origin}: nobody listens there`, { hint });
  return new PlimsollError("STATUS", `collector ${url.origin}: does not answer`, { cause });
}
