import type { Command } from "commander";
import { createCommand, createProgram, withExamples } from "../core/runtime/command-line.ts";
import { deadLettersCommand } from "./dead-letters/dead-letters-command.ts";
import { operatorCommands } from "./operate/commands.ts";
import type { ServeFlags } from "./serve-options.ts";

/** `plimsoll-collector` and its sub-commands, one line each. */
export function buildCommandLine(signal: AbortSignal): Command {
  const program = createProgram(
    "plimsoll-collector",
    "Takes in what agents push, keeps the latest values of each machine by its IP, hands everything on.",
  )
    .addCommand(serveCommand(signal))
    .addCommand(deadLettersCommand());
  for (const command of operatorCommands(addServeOptions)) program.addCommand(command);
  return program;
}

const append = (value: string, others: readonly string[] = []): readonly string[] => [...others, value];

function serveCommand(signal: AbortSignal): Command {
  const command = createCommand("serve", "take in, keep and forward until SIGTERM");
  addServeOptions(command);
  command.action(async (flags: ServeFlags) => {
    const { serve } = await import("./serve.ts"); // --help needs none of it
    await serve(flags, signal);
  });
  return withExamples(command, [
    ["plimsoll-collector serve", 'on loopback; ready at the line with "msg":"ready"'],
    [
      "plimsoll-collector serve --listen 10.0.0.1:9465 --forward remote-write+http://prometheus:9090/api/v1/write",
      "for the agents of a network, into a Prometheus",
    ],
    ["curl http://127.0.0.1:9465/api/v1/machines", "who has been heard of"],
  ]);
}

/** For those who look at what `serve` is to be given, too. */
function addServeOptions(command: Command): Command {
  addReceiving(command);
  addKeeping(command);
  return command;
}

function addReceiving(command: Command): void {
  command
    .option("--listen <address:port>", "where to listen; may be repeated (default: 127.0.0.1:9465)", append)
    .option(
      "--admin-listen <address:port>",
      "where everything but pushing is, instead of there; may be repeated",
      append,
    )
    .option("--tls-cert <file>", "the certificate for --listen tls://…, read again on SIGHUP")
    .option("--tls-key <file>", "its key")
    .option("--tls-client-ca <file>", "whose client certificates count: one speaks for the addresses in it")
    .option(
      "--proxy-from <address>",
      "a proxy or network that speaks the PROXY protocol; may be repeated",
      append,
    );
}

function addKeeping(command: Command): void {
  command
    .option(
      "--forward <url>",
      "where to hand samples on to, remote-write+http://…, also remote-write-v2, otlp, influx, falcon, nats+tcp://…, ndjson+file:///…; may be repeated",
      append,
    )
    .option(
      "--data <directory>",
      "where history is kept; none for memory (default: /var/lib/plimsoll/collector)",
    )
    .option("--keep <duration>", "how long samples are kept as they came (default: 15d)")
    .option("--keep-coarse <duration>", "how long they are kept in windows of five minutes (default: 400d)")
    .option(
      "--history-from <url>",
      "read history from whoever answers PromQL, prometheus+http://host:port (default: what is kept here)",
    )
    .option("--business-label <name>", "the label that says whose a machine is (default: business)")
    .option("--docker <socket>", "follow the containers of a Docker engine; may be repeated", append)
    .option("--provisioner <socket>", "follow the machines of plimsoll serve; may be repeated", append)
    .option(
      "--peer <url>",
      "another collector behind the same load balancer, http://host:9465; may be repeated",
      append,
    )
    .option(
      "--trust <whom>",
      "who may push for a machine: address (itself, or with its token), token, any (default: address)",
    )
    .option("--token-file <file>", "lines of a token and the address, network or * it may speak for")
    .option("--client-rate <samples>", "what one client may push in a second, or none (default: 20000)")
    .option("--stale-after <duration>", "a series silent for this long is no longer shown (default: 5m)")
    .option(
      "--config <file>",
      "YAML or JSON with the options above in camelCase (default: /etc/plimsoll/collector.yaml if there)",
    )
    .option("--log-level <level>", "error, warn, info, debug or trace (default: info)");
}
