import type { Readable } from "node:stream";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { FrameSplitter, type OnFrame } from "./frames.ts";
import { type Interaction, interactInside } from "./interact.ts";
import { readMemoryInUse } from "./memory-in-use.ts";
import { EngineConnection } from "./request.ts";

/** The Docker Engine on its unix socket (Docker Engine API reference). */
export interface DockerEngine {
  hasImage(image: string): Promise<boolean>;
  /** By the names that they have here: `debian:12`, and `debian@sha256:…` where they came from a registry. */
  listImages(): Promise<readonly string[]>;
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
  /** What the image itself runs. */
  imageProgram(image: string): Promise<ImageProgram>;
  /** Makes an image out of a tar archive; `changes` as in a Dockerfile. */
  importImage(archive: Readable, name: string, changes: readonly string[]): Promise<void>;
  /** Those that carry a label, running or not; `name=value` or a name alone. */
  listContainers(label: string): Promise<readonly ContainerSummary[]>;
  /** Undefined when it is not there. */
  inspectContainer(idOrName: string): Promise<ContainerState | undefined>;
  /** What it uses and the kernel could not take back at once; 0 when it does not run. */
  memoryInUse(id: string): Promise<number>;
  /** ContainerUpdate's body: what it names is changed while the container runs. */
  updateContainer(id: string, body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs a command inside, `onFrame` sees what it writes. Returns its exit code. */
  runInside(id: string, argv: readonly string[], onFrame: OnFrame, signal?: AbortSignal): Promise<number>;
  /** The same with input, and a terminal where there is one. */
  interact(id: string, interaction: Interaction): Promise<number>;
  /** What happens from now on to containers that carry a label, until `signal`. */
  events(
    label: string,
    actions: readonly string[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<ContainerEvent>>;
  /** What the container wrote; with `follow` until `signal`, or its end. */
  readLogs(id: string, options: LogOptions, onFrame: OnFrame): Promise<void>;
  /** The same engine for who may be told to end: from `signal` on no request is waited for much longer. */
  hurriedBy(signal: AbortSignal): DockerEngine;
  close(): Promise<void>;
}

export interface ImageProgram {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

export interface ContainerSummary {
  readonly id: string;
  readonly isRunning: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerEvent {
  /** `start`, `die` … */
  readonly action: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LogOptions {
  /** Lines from the end; all unless told. */
  readonly tail?: number | undefined;
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal;
}

/** ContainerInspect's answer, as far as it is read. */
export interface ContainerState {
  readonly Id: string;
  readonly State: {
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    /** In nanoseconds; absent or 0 where the engine's own hold. */
    readonly Healthcheck?: { readonly Interval?: number; readonly Timeout?: number };
  };
  readonly HostConfig: {
    readonly Memory: number;
    readonly CpuPeriod: number;
    readonly CpuQuota: number;
    readonly CpusetCpus: string;
    readonly NetworkMode: string;
  };
}

export function openDockerEngine(socketPath: string): DockerEngine {
  return engineOn(new EngineConnection(socketPath));
}

function engineOn(connection: EngineConnection): DockerEngine {
  return {
    ...imageCalls(connection),
    ...containerCalls(connection),
    ...streamCalls(connection),
    hurriedBy: (signal) => engineOn(connection.hurriedBy(signal)),
    close: () => connection.close(),
  };
}

type ImageCalls = Pick<
  DockerEngine,
  "hasImage" | "listImages" | "pullImage" | "imageProgram" | "importImage"
>;

function imageCalls(connection: EngineConnection): ImageCalls {
  const path = (image: string): string => `/images/${image}/json`;
  return {
    listImages: async () => {
      const found: readonly { RepoTags: string[] | null; RepoDigests?: string[] | null }[] = JSON.parse(
        (await connection.call("GET", "/images/json")).text,
      );
      const names = found.flatMap(({ RepoTags, RepoDigests }) => [
        ...(RepoTags ?? []),
        ...(RepoDigests ?? []),
      ]);
      return names.filter((name) => !name.startsWith("<none>"));
    },
    hasImage: async (image) => (await connection.call("GET", path(image), { ok: [200, 404] })).status === 200,
    pullImage: async (image) => {
      const query = new URLSearchParams(imageReference(image));
      const { text } = await connection.call("POST", `/images/create?${query}`);
      refuseError(`docker pull ${image}`, text);
    },
    imageProgram: async (image) => {
      const { Config } = JSON.parse((await connection.call("GET", path(image))).text);
      return { entrypoint: Config?.Entrypoint ?? [], command: Config?.Cmd ?? [] };
    },
    importImage: async (archive, name, changes) => {
      const [, repo = name, tag = "latest"] = /^(.+):([^/:]+)$/.exec(name) ?? [];
      const query = new URLSearchParams({ fromSrc: "-", repo, tag });
      for (const change of changes) query.append("changes", change);
      const { text } = await connection.call("POST", `/images/create?${query}`, { body: archive });
      refuseError(`docker import ${name}`, text);
    },
  };
}

type ContainerCalls = Omit<DockerEngine, keyof ImageCalls | keyof StreamCalls | "hurriedBy" | "close">;

function containerCalls(connection: EngineConnection): ContainerCalls {
  const call = connection.call.bind(connection);
  const inspect = async (id: string): Promise<ContainerState | undefined> => {
    const { status, text } = await call("GET", `${named(id)}/json`, { ok: [200, 404] });
    return status === 404 ? undefined : JSON.parse(text);
  };
  return {
    createContainer: async (name, body) => {
      const { text } = await call("POST", `/containers/create?name=${name}`, { body, ok: [201] });
      return JSON.parse(text).Id;
    },
    startContainer: async (id) => void (await call("POST", `${named(id)}/start`, { ok: [204, 304] })),
    inspectContainer: inspect,
    initPid: async (id) => JSON.parse((await call("GET", `${named(id)}/json`)).text).State.Pid,
    listContainers: async (label) => {
      const query = new URLSearchParams({ all: "1", filters: JSON.stringify({ label: [label] }) });
      const found: readonly { Id: string; State: string; Labels: Record<string, string> }[] = JSON.parse(
        (await call("GET", `/containers/json?${query}`)).text,
      );
      return found.map(({ Id, State, Labels }) => ({
        id: Id,
        isRunning: State === "running",
        labels: Labels,
      }));
    },
    memoryInUse: async (id) => {
      const pid = (await inspect(id))?.State.Pid ?? 0;
      return pid === 0 ? 0 : readMemoryInUse(pid);
    },
    updateContainer: async (id, body) => void (await call("POST", `${named(id)}/update`, { body })),
    waitContainer: async (id, signal) =>
      JSON.parse((await call("POST", `${named(id)}/wait`, { signal })).text).StatusCode,
    lastLogLine: async (id) =>
      lastFrame((await call("GET", `${named(id)}/logs?stderr=1&stdout=1&tail=1`)).bytes),
    stopContainer: async (id, seconds) => {
      const options = { ok: [204, 304, 404], longerMs: seconds * 1000 };
      await call("POST", `${named(id)}/stop?t=${seconds}`, options);
    },
    removeContainer: async (id) =>
      (await call("DELETE", `${named(id)}?force=1&v=1`, { ok: [204, 404, 409] })).status === 204,
  };
}

type StreamCalls = Pick<DockerEngine, "runInside" | "interact" | "readLogs" | "events">;

function streamCalls(connection: EngineConnection): StreamCalls {
  return {
    runInside: async (id, argv, onFrame, signal) => {
      const options = { AttachStdout: true, AttachStderr: true, Cmd: argv };
      const made = await connection.call("POST", `${named(id)}/exec`, { body: options, ok: [201] });
      const path = `/exec/${JSON.parse(made.text).Id}`;
      const started = await connection.stream("POST", `${path}/start`, {
        ...{ body: { Detach: false, Tty: false }, signal },
      });
      await splitFrames(started.body, onFrame);
      return JSON.parse((await connection.call("GET", `${path}/json`)).text).ExitCode;
    },
    interact: (id, interaction) => interactInside(connection, named(id), interaction),
    events: async (label, actions, signal) => {
      const filters = JSON.stringify({ type: ["container"], label: [label], event: actions });
      const answer = await connection.stream("GET", `/events?${new URLSearchParams({ filters })}`, {
        signal,
      });
      return splitEvents(answer.body);
    },
    readLogs: async (id, { tail, follow = false, signal }, onFrame) => {
      const query = { stdout: "1", stderr: "1", follow: follow ? "1" : "0", tail: String(tail ?? "all") };
      const path = `${named(id)}/logs?${new URLSearchParams(query)}`;
      const answer = await connection.stream("GET", path, { signal });
      await splitFrames(answer.body, onFrame);
    },
  };
}

async function splitFrames(body: AsyncIterable<Uint8Array>, onFrame: OnFrame): Promise<void> {
  const splitter = new FrameSplitter();
  for await (const chunk of body) for (const frame of splitter.push(chunk)) await onFrame(frame);
}

/** A line of JSON each; a container's labels are among its attributes. */
async function* splitEvents(body: AsyncIterable<Buffer>): AsyncGenerator<ContainerEvent> {
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((each) => each.trim() !== "")) {
      const { Action, Actor } = JSON.parse(line);
      yield { action: String(Action), labels: Actor?.Attributes ?? {} };
    }
  }
}

/** The engine answers 200 first, and tells of a failure in what follows. */
function refuseError(what: string, text: string): void {
  const failure = text.split("\n").find((line) => line.includes('"error"'));
  if (failure !== undefined) throw new PlimsollError("DOCKER", `${what}: ${JSON.parse(failure).error}`);
}

function named(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

/** `debian:12` → name and tag; a digest stays part of the name. */
function imageReference(image: string): Record<string, string> {
  const match = /^(.+):([^/:@]+)$/.exec(image);
  return match === null || image.includes("@")
    ? { fromImage: image, ...(image.includes("@") ? {} : { tag: "latest" }) }
    : { fromImage: match[1] ?? image, tag: match[2] ?? "latest" };
}

function lastFrame(bytes: Buffer): string {
  const lines = new FrameSplitter().push(bytes).map((frame) => frame.bytes.toString().trim());
  return lines.findLast((line) => line !== "") ?? "";
}
