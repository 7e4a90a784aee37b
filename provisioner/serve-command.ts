import type { Command } from "commander";
import { createCommand, withExamples } from "../core/runtime/command-line.ts";
import { parseDuration } from "../core/runtime/duration.ts";
import { serve } from "./serve/serve.ts";
import { DEFAULT_STORE } from "./store/open.ts";

interface ServeFlags {
  readonly store?: string;
  readonly config?: string;
  readonly interval: string;
  readonly orphanRest: string;
  readonly stopWithin: string;
}

/** `plimsoll serve`: keeps a host's machines as they should be, and takes what is asked of them. */
export function serveCommand(signal: AbortSignal): Command {
  const command = createCommand(
    "serve",
    "the daemon of a host: keeps its machines as they should be, takes requests on a unix socket",
  )
    .option("--store <url>", `a path, or etcd+http://HOST:PORT; PLIMSOLL_STORE, else ${DEFAULT_STORE}`)
    .option("--config <file>", "what this host has; PLIMSOLL_HOST_CONFIG, else /etc/plimsoll/host.yaml")
    .option("--interval <time>", "how often everything is looked at, even without cause", "30s")
    .option("--orphan-rest <time>", "how long what belongs to no machine any more is left alone", "10m")
    .option(
      "--stop-within <time>",
      "after SIGTERM, what has not ended by then is left to the next start",
      "60s",
    )
    .action(({ store, config, interval, orphanRest, stopWithin }: ServeFlags) =>
      serve(
        {
          ...{ store, config },
          intervalMs: parseDuration("--interval", interval),
          orphanRestMs: parseDuration("--orphan-rest", orphanRest),
          stopWithinMs: parseDuration("--stop-within", stopWithin),
        },
        signal,
      ),
    );
  return withExamples(command, [
    ["plimsoll serve", "in the foreground; what plimsoll ct asks for is then done by it"],
    [
      "curl --unix-socket /run/plimsoll/provisioner.sock http://localhost/v1/openapi.json",
      "what else it takes",
    ],
  ]);
}
