// Docker Engine API: GET /containers/json is the list, GET /events a stream of lines such as
//   {"Type":"container","Action":"die","Actor":{"ID":"4fa6…","Attributes":{"exitCode":"137","image":"debian:12",
//    "name":"web","plimsoll.ip":"10.0.0.7"}},"time":1700000000,"timeNano":1700000000123456789}
import { type Dispatcher, Pool } from "undici";
import { EngineApi } from "../../core/runtime/engine-api.ts";
import type { ContainerListAnswer, SystemEventsAnswer } from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { linesOf } from "./lines.ts";

const LIST_TIMEOUT_MS = 10_000;

/** Whose history a container is part of, for one without an address of Docker's. */
export const IP_LABEL = "plimsoll.ip";

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Undefined for one that has none, or has none any more. */
  readonly ip: string | undefined;
  readonly isRunning: boolean;
}

export interface ContainerEvent {
  readonly id: string;
  /** `create`, `start`, `die`, `oom`, `destroy`, `health_status: healthy` … */
  readonly action: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The part of a Docker engine that tells what containers do. Every method throws when it does not answer. */
export interface DockerEngine {
  list(): Promise<readonly Container[]>;
  /** Those since `sinceMs`, then those to come, until the signal or the engine ends it. */
  events(sinceMs: number, signal: AbortSignal): AsyncIterable<ContainerEvent>;
  close(): Promise<void>;
}

export function openDockerEngine(socketPath: string): DockerEngine {
  const pool = new Pool("http://docker", { socketPath, headersTimeout: LIST_TIMEOUT_MS, bodyTimeout: 0 });
  const api = new EngineApi();
  const ask = (path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> =>
    pool.request({ method: "GET", path, signal });
  const get = async (path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> => {
    const prefix = await api.prefix(async () => (await ask("/version", signal)).body.text());
    const { statusCode, body } = await ask(prefix + path, signal);
    if (statusCode === 200) return body;
    api.forget();
    await body.dump();
    throw new PlimsollError("DOCKER", `docker ${socketPath}: ${path.split("?")[0]}: status ${statusCode}`);
  };
  return {
    list: async () => {
      const body = await get("/containers/json?all=1", AbortSignal.timeout(LIST_TIMEOUT_MS));
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return parseContainers(Buffer.concat(chunks).toString());
    },
    events: async function* (sinceMs, signal) {
      const filters = encodeURIComponent(JSON.stringify({ type: ["container"] }));
      const body = await get(`/events?since=${(sinceMs / 1000).toFixed(3)}&filters=${filters}`, signal);
      for await (const line of linesOf(body, "docker")) {
        const event = parseEvent(line);
        if (event !== undefined) yield event;
      }
    },
    close: () => pool.destroy(),
  };
}

export function parseContainers(text: string): readonly Container[] {
  const listed: ContainerListAnswer = JSON.parse(text);
  return listed.flatMap(({ Id, Names, Image, State, Labels, NetworkSettings }) => {
    if (Id === undefined) return [];
    const networks = Object.values(NetworkSettings?.Networks ?? {});
    const address = networks.map(({ IPAddress }) => IPAddress).find((ip) => ip !== undefined && ip !== "");
    return {
      id: Id,
      name: Names?.[0]?.replace(/^\//, "") ?? Id.slice(0, 12),
      image: Image ?? "",
      ip: Labels?.[IP_LABEL] ?? address,
      isRunning: State === "running" || State === "paused" || State === "restarting",
    };
  });
}

/** Undefined for a line that is no event of a container: engines write more than is documented. */
export function parseEvent(line: string): ContainerEvent | undefined {
  if (line.trim() === "") return undefined;
  const { Type, Action, Actor, timeNano }: SystemEventsAnswer = JSON.parse(line);
  if (Type !== "container" || typeof Action !== "string" || typeof Actor?.ID !== "string") return undefined;
  return { id: Actor.ID, action: Action, atMs: Number(timeNano) / 1e6, attributes: Actor.Attributes ?? {} };
}
