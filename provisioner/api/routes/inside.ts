import { Readable } from "node:stream";
import { UsageError } from "../../../core/runtime/errors.ts";
import type { LogOptions } from "../../docker/engine.ts";
import { type Output, outputOf } from "../../docker/output.ts";
import type { Host } from "../../host/host.ts";
import { madeContainer, runningContainer } from "../../machines/container-of.ts";
import { readOurMachine } from "../../machines/machines.ts";
import type { Machine } from "../../resources/types.ts";
import type { ApiRequest, Route } from "../route.ts";
import { oneWord, reference } from "../schema.ts";

/** Of what runs inside: without a terminal, for that takes both directions at once. */
export type OutputLine = Output | { readonly event: "end"; readonly exitCode: number };

interface ExecRequest {
  readonly command: readonly string[];
  readonly input?: string;
}

type InsideHost = Pick<Host, "store" | "docker" | "config">;

/** Into machines of this host. */
export function insideRoutes(host: InsideHost): readonly Route[] {
  const answer = { status: 200, schema: reference("Output"), isStream: true } as const;
  return [
    {
      ...{ method: "POST", path: "/v1/machines/{name}/exec", name: "execInside" },
      summary: "Run a command inside, as its root; who stops to listen leaves it running",
      body: reference("ExecRequest"),
      answer: { ...answer, description: "what it writes as it comes; the last line is its exit code" },
      handle: async (request) => {
        if ((request.body as ExecRequest).command.length === 0)
          throw new UsageError("command: at least a program");
        // Before the answer begins: a stream that breaks off says nothing of why.
        const id = await runningContainer(host.docker, await machineOf(host, request));
        return execLines(host, id, request);
      },
    },
    {
      ...{ method: "GET", path: "/v1/machines/{name}/logs", name: "readLogs" },
      summary: "What the machine's program has written",
      query: {
        follow: { schema: oneWord("true", "false"), description: "go on with what comes" },
        tail: { schema: { type: "string" }, description: "only so many lines from the end" },
      },
      answer: { ...answer, description: "in pieces as they come" },
      handle: async (request) => {
        const options = logOptionsOf(request);
        const id = await madeContainer(host.docker, await machineOf(host, request));
        return outputOf((onFrame) => host.docker.readLogs(id, options, onFrame));
      },
    },
  ];
}

/** By name, of this host. */
async function machineOf(
  { store, config }: InsideHost,
  { params: { name = "" } }: ApiRequest,
): Promise<Machine> {
  return (await readOurMachine(store, name, config.name)).machine;
}

async function* execLines(
  { docker }: InsideHost,
  id: string,
  { body, signal }: ApiRequest,
): AsyncGenerator<OutputLine> {
  const { command, input } = body as ExecRequest;
  const exitCode = yield* outputOf((onFrame) =>
    input === undefined
      ? docker.runInside(id, command, onFrame, signal)
      : docker.interact(id, { argv: command, input: Readable.from([input]), onFrame, signal }),
  );
  yield { event: "end", exitCode };
}

function logOptionsOf({ query: { tail, follow }, signal }: ApiRequest): LogOptions {
  if (tail !== undefined && !/^\d+$/.test(tail))
    throw new UsageError(`tail: ${JSON.stringify(tail)} is not a number of lines`);
  return { tail: tail === undefined ? undefined : Number(tail), follow: follow === "true", signal };
}
