// Docker Engine API: GET /containers/json lists those that run, GET /events is a stream of lines such as
//   {"Type":"container","Action":"start","Actor":{"ID":"4fa6…","Attributes":{"name":"web"}},"timeNano":1700000000123456789}
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { EngineApi } from "../../core/runtime/engine-api.ts";
import type {
  ContainerInspectAnswer,
  ContainerListAnswer,
  SystemEventsAnswer,
} from "../../core/runtime/engine-types.ts";
import { errnoOf, NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";

const LIST_TIMEOUT_MS = 10_000;

export interface DockerContainer {
  readonly id: string;
  readonly name: string;
}

export interface ContainerStart extends DockerContainer {
  /** By the engine's clock. */
  readonly atMs: number;
}

/** The part of a Docker engine that tells which containers run. Every method throws when it does not answer. */
export interface DockerEngine {
  running(): Promise<readonly DockerContainer[]>;
  /** The host's number of the container's first process. Throws NotFoundError when it does not run. */
  initPid(idOrName: string): Promise<number>;
  /** Those since `sinceMs`, then those to come, until the signal or the engine ends it. */
  starts(sinceMs: number, signal: AbortSignal): AsyncIterable<ContainerStart>;
}

export function openDockerEngine(socketPath: string): DockerEngine {
  const api = new EngineApi();
  const get = async (path: string, signal: AbortSignal): Promise<IncomingMessage> => {
    const prefix = await api.prefix(async () => text(await ask(socketPath, "/version", signal)));
    const answer = await ask(socketPath, prefix + path, signal);
    if (answer.statusCode === 200) return answer;
    api.forget();
    const why = `docker: ${messageIn(await text(answer)) ?? `status ${answer.statusCode}`}`;
    throw answer.statusCode === 404 ? new NotFoundError(why) : new PlimsollError("DOCKER", why);
  };
  const json = async (path: string): Promise<unknown> =>
    parseAnswer(await text(await get(path, AbortSignal.timeout(LIST_TIMEOUT_MS))));
  return {
    running: async () => parseRunning((await json("/containers/json")) as ContainerListAnswer),
    initPid: async (idOrName) =>
      parseInitPid(
        idOrName,
        (await json(`/containers/${encodeURIComponent(idOrName)}/json`)) as ContainerInspectAnswer,
      ),
    starts: async function* (sinceMs, signal) {
      const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: ["start"] }));
      const since = (sinceMs / 1000).toFixed(3);
      for await (const line of linesOf(await get(`/events?since=${since}&filters=${filters}`, signal)))
        yield* parseStarts(line);
    },
  };
}

async function ask(socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  if (!socketPath.startsWith("/")) {
    const what = `docker: ${JSON.stringify(socketPath)} is not the socket of a local engine`;
    throw new PlimsollError("DOCKER", what, { hint: "set DOCKER_HOST=unix:///path/of/its/socket" });
  }
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, signal, headers: { host: "docker" } }, resolve);
    asked.on("error", (cause) => {
      const isAbsent = ["ENOENT", "ECONNREFUSED", "EACCES"].includes(errnoOf(cause) ?? "");
      const hint = "start Docker, or set DOCKER_HOST=unix:///path/of/its/socket";
      const options = isLate(signal) ? { cause: "it takes too long" } : { cause, ...(isAbsent && { hint }) };
      reject(new PlimsollError("DOCKER", `docker: no engine answers at ${socketPath}`, options));
    });
    asked.end();
  });
}

/** What is in front of an engine may answer in its place, and not in JSON. */
function parseAnswer(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const beginning = JSON.stringify(body.slice(0, 80));
    throw new PlimsollError("DOCKER", `docker: ${beginning} is not the answer of an engine`);
  }
}

function messageIn(body: string): string | undefined {
  try {
    return JSON.parse(body).message;
  } catch {
    return undefined;
  }
}

function isLate({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

function parseRunning(listed: ContainerListAnswer): readonly DockerContainer[] {
  return listed.flatMap(({ Id, Names }) =>
    Id === undefined ? [] : [{ id: Id, name: Names?.[0]?.replace(/^\//, "") ?? Id.slice(0, 12) }],
  );
}

function parseInitPid(idOrName: string, { State }: ContainerInspectAnswer): number {
  const pid = State?.Pid ?? 0;
  if (pid > 0) return pid;
  throw new NotFoundError(`docker: container ${idOrName} does not run`);
}

/** One, or none in a line that does not say whose it is. */
function parseStarts(line: string): readonly ContainerStart[] {
  const { Actor, timeNano }: SystemEventsAnswer = JSON.parse(line);
  const id = Actor?.ID;
  if (id === undefined) return [];
  return [{ id, name: Actor?.Attributes?.name ?? id.slice(0, 12), atMs: Number(timeNano) / 1e6 }];
}
