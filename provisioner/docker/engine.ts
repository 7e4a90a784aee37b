import type { Readable } from "node:stream";
import type {
  BuildInfo,
  ContainerCreateAnswer,
  ContainerCreateBody,
  ContainerInspectAnswer,
  ContainerListAnswer,
  ContainerUpdateBody,
  ContainerWaitAnswer,
  ExecStartBody,
  ImageInspectAnswer,
  ImageListAnswer,
  SystemEventsAnswer,
} from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { createExec, readExitCode } from "./exec.ts";
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
  /** Returns the container's id. */
  createContainer(name: string, body: ContainerCreateBody): Promise<string>;
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
  inspectContainer(idOrName: string): Promise<ContainerInspectAnswer | undefined>;
  /** What it uses and the kernel could not take back at once; 0 when it does not run. */
  memoryInUse(id: string): Promise<number>;
  /** What the body names is changed while the container runs. */
  updateContainer(id: string, body: ContainerUpdateBody): Promise<void>;
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
      const found: ImageListAnswer = JSON.parse((await connection.call("GET", "/images/json")).text);
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
      const { Config }: ImageInspectAnswer = JSON.parse((await connection.call("GET", path(image))).text);
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
  const inspect = async (id: string): Promise<ContainerInspectAnswer | undefined> => {
    const { status, text } = await call("GET", `${named(id)}/json`, { ok: [200, 404] });
    return status === 404 ? undefined : JSON.parse(text);
  };
  return {
    createContainer: async (name, body) => {
      const { text } = await call("POST", `/containers/create?name=${name}`, { body, ok: [201] });
      const { Id }: ContainerCreateAnswer = JSON.parse(text);
      return Id;
    },
    startContainer: async (id) => void (await call("POST", `${named(id)}/start`, { ok: [204, 304] })),
    inspectContainer: inspect,
    initPid: async (id) => {
      const { State }: ContainerInspectAnswer = JSON.parse((await call("GET", `${named(id)}/json`)).text);
      return State?.Pid ?? 0;
    },
    listContainers: async (label) => {
      const query = new URLSearchParams({ all: "1", filters: JSON.stringify({ label: [label] }) });
      const { text } = await call("GET", `/containers/json?${query}`);
      const found: ContainerListAnswer = JSON.parse(text);
      return found.flatMap(({ Id, State, Labels }) =>
        Id === undefined ? [] : [{ id: Id, isRunning: State === "running", labels: Labels ?? {} }],
      );
    },
    memoryInUse: async (id) => {
      const pid = (await inspect(id))?.State?.Pid ?? 0;
      return pid === 0 ? 0 : readMemoryInUse(pid);
    },
    updateContainer: async (id, body) => void (await call("POST", `${named(id)}/update`, { body })),
    waitContainer: async (id, signal) => {
      const { text } = await call("POST", `${named(id)}/wait`, { signal });
      const { StatusCode }: ContainerWaitAnswer = JSON.parse(text);
      return StatusCode;
    },
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
      const path = await createExec(connection, named(id), options);
      const body: ExecStartBody = { Detach: false, Tty: false };
      const started = await connection.stream("POST", `${path}/start`, { body, signal });
      await splitFrames(started.body, onFrame);
      return readExitCode(connection, path);
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
      const { Action, Actor }: SystemEventsAnswer = JSON.parse(line);
      yield { action: String(Action), labels: Actor?.Attributes ?? {} };
    }
  }
}

/** The engine answers 200 first, and tells of a failure in what follows. */
function refuseError(what: string, text: string): void {
  const failure = text.split("\n").find((line) => line.includes('"error"'));
  if (failure === undefined) return;
  const { error }: BuildInfo = JSON.parse(failure);
  throw new PlimsollError("DOCKER", `${what}: ${error}`);
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
