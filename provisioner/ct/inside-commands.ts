import type { Command } from "commander";
import { exitWith, withExamples } from "../../core/runtime/command-line.ts";
import { NotFoundError, UsageError } from "../../core/runtime/errors.ts";
import { EXIT } from "../../core/runtime/program.ts";
import { type DockerEngine, openDockerEngine } from "../docker/engine.ts";
import type { Frame } from "../docker/frames.ts";
import { readFleet } from "../fleet/hosts.ts";
import { madeContainer, runningContainer } from "../machines/container-of.ts";
import { readMachine } from "../machines/machines.ts";
import type { Machine } from "../resources/types.ts";
import type { Store } from "../store/types.ts";
import { type CommonOptions, ctSubCommand } from "./commands.ts";
import { withStore } from "./session.ts";
import { withTerminal } from "./terminal.ts";

interface ExecOptions extends CommonOptions {
  readonly interactive?: true;
  readonly tty?: true;
}

export function ctExec(signal: AbortSignal): Command {
  const command = ctSubCommand("exec", "run a command in a machine; its exit code is ours")
    .argument("<name>")
    .argument("<command...>", "after --, if it has options")
    .option("-i, --interactive", "it is given our standard input")
    .option("-t, --tty", "it is given our terminal; with -i, for a shell")
    .action((name: string, words: readonly string[], options: ExecOptions) =>
      withMachine(name, options, signal, async (docker, machine) => {
        if (options.tty && !options.interactive) throw new UsageError("--tty: needs --interactive");
        const id = await runningContainer(docker, machine);
        exitWith(
          options.interactive
            ? await interact(docker, id, words, options.tty === true, signal)
            : await docker.runInside(id, words, write, signal),
        );
      }),
    );
  return withExamples(command, [
    ["plimsoll ct exec web -- free -m", "as its root, in its own view of the machine"],
    ["plimsoll ct exec -it web sh", "a shell"],
  ]);
}

async function interact(
  docker: DockerEngine,
  id: string,
  argv: readonly string[],
  hasTerminal: boolean,
  signal: AbortSignal,
): Promise<number> {
  const parts = { argv, input: process.stdin, onFrame: write, signal };
  try {
    if (!hasTerminal) return await docker.interact(id, parts);
    return await withTerminal({ stdin: process.stdin, stdout: process.stdout }, (terminal) =>
      docker.interact(id, { ...parts, terminal }),
    );
  } finally {
    // An input that is read keeps the process alive.
    process.stdin.pause();
  }
}

function write({ stream, bytes }: Frame): void {
  process[stream].write(bytes);
}

interface LogsOptions extends CommonOptions {
  readonly tail?: string;
  readonly follow?: true;
}

export function ctLogs(signal: AbortSignal): Command {
  const command = ctSubCommand("logs", "what a machine's program has written")
    .argument("<name>")
    .option("--tail <lines>", "only so many from the end")
    .option("--follow", "go on until Ctrl-C")
    .action((name: string, options: LogsOptions) => {
      const tail = options.tail === undefined ? undefined : parseTail(options.tail);
      return withMachine(name, options, signal, async (docker, machine) => {
        const id = await madeContainer(docker, machine);
        try {
          await docker.readLogs(id, { tail, follow: options.follow, signal }, write);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      });
    });
  return withExamples(command, [
    ["plimsoll ct logs web --tail 20 --follow", "the last lines, and what comes"],
  ]);
}

function parseTail(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--tail: ${JSON.stringify(text)} is not a number of lines`);
}

/** A daemon is no way into another host: who wants in has one of their own. */
async function whereTo(store: Store, host: string): Promise<string> {
  const found = (await readFleet(store)).hosts.find(({ name }) => name === host);
  if (found === undefined) return `run it on ${host}`;
  if (found.state === "lost") return `run it on ${host}, at ${found.address}; its daemon does not report`;
  return `run it on ${host}, at ${found.address}`;
}

async function withMachine(
  name: string,
  options: CommonOptions,
  signal: AbortSignal,
  use: (docker: DockerEngine, machine: Machine) => Promise<void>,
): Promise<void> {
  await withStore(options, async (store, config) => {
    const { machine, host } = await readMachine(store, name);
    if (host !== config.name)
      throw new NotFoundError(`container ${name}: is on host ${host}, this is ${config.name}`, {
        hint: await whereTo(store, host),
      });
    const docker = openDockerEngine(config.docker);
    try {
      await use(docker.hurriedBy(signal), machine);
    } catch (error) {
      if (!signal.aborted) throw error;
      exitWith(EXIT.interrupted);
    } finally {
      await docker.close();
    }
  });
}
