import { type Dispatcher, Pool } from "undici";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";

/** The oldest Engine API that has all we use (Docker 20.10). */
const API = "/v1.41";

/** The Docker Engine on its unix socket (Docker Engine API reference). */
export interface DockerEngine {
  hasImage(image: string): Promise<boolean>;
  pullImage(image: string): Promise<void>;
  /** Creates a container; `body` is ContainerCreate's. Returns its id. */
  createContainer(name: string, body: Readonly<Record<string, unknown>>): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** The host's pid of the container's first process, 0 when it does not run. */
  initPid(id: string): Promise<number>;
  /** Resolves with the exit code when the container ends. */
  waitContainer(id: string, signal: AbortSignal): Promise<number>;
  /** The last line that the container wrote. */
  lastLogLine(id: string): Promise<string>;
  stopContainer(id: string, patienceSeconds: number): Promise<void>;
  /** One that is not there is fine: false. */
  removeContainer(idOrName: string): Promise<boolean>;
  close(): Promise<void>;
}

export function openDockerEngine(socketPath: string): DockerEngine {
  const pool = new Pool("http://docker", { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  const call = (method: Dispatcher.HttpMethod, path: string, options: CallOptions = {}): Promise<Answer> =>
    callEngine(pool, socketPath, method, path, options);
  const named = (id: string): string => `/containers/${encodeURIComponent(id)}`;
  return {
    hasImage: async (image) =>
      (await call("GET", `/images/${image}/json`, { ok: [200, 404] })).status === 200,
    pullImage: async (image) => {
      const { text } = await call("POST", `/images/create?${new URLSearchParams(imageReference(image))}`);
      const failure = text.split("\n").find((line) => line.includes('"error"'));
      if (failure !== undefined)
        throw new PlimsollError("DOCKER", `docker pull ${image}: ${JSON.parse(failure).error}`);
    },
    createContainer: async (name, body) => {
      const { text } = await call("POST", `/containers/create?name=${name}`, { body, ok: [201] });
      return JSON.parse(text).Id;
    },
    startContainer: async (id) => void (await call("POST", `${named(id)}/start`, { ok: [204, 304] })),
    initPid: async (id) => JSON.parse((await call("GET", `${named(id)}/json`)).text).State.Pid,
    waitContainer: async (id, signal) =>
      JSON.parse((await call("POST", `${named(id)}/wait`, { signal })).text).StatusCode,
    lastLogLine: async (id) =>
      lastFrame((await call("GET", `${named(id)}/logs?stderr=1&stdout=1&tail=1`)).bytes),
    stopContainer: async (id, seconds) =>
      void (await call("POST", `${named(id)}/stop?t=${seconds}`, { ok: [204, 304, 404] })),
    removeContainer: async (id) =>
      (await call("DELETE", `${named(id)}?force=1&v=1`, { ok: [204, 404, 409] })).status === 204,
    close: () => pool.destroy(),
  };
}

interface CallOptions {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly ok?: readonly number[];
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
}

async function callEngine(
  pool: Pool,
  socketPath: string,
  method: Dispatcher.HttpMethod,
  path: string,
  options: CallOptions,
): Promise<Answer> {
  const { statusCode, bytes } = await requestEngine(pool, socketPath, method, path, options);
  const text = bytes.toString();
  if ((options.ok ?? [200]).includes(statusCode)) return { status: statusCode, text, bytes };
  throw new PlimsollError(
    "DOCKER",
    `docker: ${method} ${path.split("?")[0]}: ${messageOf(text) || `status ${statusCode}`}`,
  );
}

async function requestEngine(
  pool: Pool,
  socketPath: string,
  method: Dispatcher.HttpMethod,
  path: string,
  options: CallOptions,
): Promise<{ statusCode: number; bytes: Buffer }> {
  try {
    const answer = await pool.request({
      method,
      path: API + path,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.body === undefined
        ? {}
        : { body: JSON.stringify(options.body), headers: { "content-type": "application/json" } }),
    });
    return { statusCode: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    const absent = ["ENOENT", "ECONNREFUSED", "EACCES"].includes(errnoOf(cause) ?? "");
    throw new PlimsollError("DOCKER", `docker: no engine answers at ${socketPath}`, {
      cause,
      ...(absent ? { hint: "start Docker, or set DOCKER_HOST=unix:///path/of/its/socket" } : {}),
    });
  }
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? "");
  } catch {
    return text.trim();
  }
}

/** `debian:12` → name and tag; a digest stays part of the name. */
function imageReference(image: string): Record<string, string> {
  const match = /^(.+):([^/:@]+)$/.exec(image);
  return match === null || image.includes("@")
    ? { fromImage: image, ...(image.includes("@") ? {} : { tag: "latest" }) }
    : { fromImage: match[1] ?? image, tag: match[2] ?? "latest" };
}

/** The log stream is framed: stream type, three zero bytes, length as 32 bits big endian, then the bytes. */
function lastFrame(bytes: Buffer): string {
  let last = "";
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    last =
      bytes
        .subarray(at + 8, end)
        .toString()
        .trim() || last;
    at = end;
  }
  return last;
}
