import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import type { Command } from "commander";
import { systemClock } from "../../../core/runtime/clock.ts";
import { createCommand, withExamples } from "../../../core/runtime/command-line.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import { openLogger } from "../../../core/runtime/logger.ts";
import { tellSystemdReady } from "../../../core/runtime/systemd.ts";
import { renderAddress } from "../server/address.ts";
import { type Auth, DEFAULT_SERVER_FILE, readServer, type ServerSpec } from "../server/declaration.ts";
import { TOKEN_KEY } from "../server/init.ts";
import { readInput } from "../server/inputs.ts";
import { TOKEN_CERTIFICATE } from "../server/render-config.ts";
import { parseTokenKey } from "./jwt.ts";
import { limitScopes, NamespaceUsage, type Quota } from "./quotas.ts";
import { openTokenServer } from "./token-server.ts";
import { hashPassword, isUserName } from "./users.ts";
import { openUsers, writeUser } from "./users-file.ts";

const STDIN = 0;

/** Who may do what. */
export function registryTokenCommands(signal: AbortSignal): readonly Command[] {
  return [registryTokens(signal), registryPasswd()];
}

interface TokensOptions {
  readonly server?: string;
}

function registryTokens(signal: AbortSignal): Command {
  const command = tokenCommand("tokens", "give out tokens for the registry, in the foreground").action(
    async ({ server }: TokensOptions) => {
      const spec = await readServer(server);
      const { listen, users, rights, quotas, lifeSeconds } = tokensOf(spec);
      const [key, certificate] = [TOKEN_KEY, TOKEN_CERTIFICATE].map((name) =>
        readInput(join(spec.folder, name)),
      );
      const log = openLogger("plimsoll-registry-tokens", "info");
      const usage = new NamespaceUsage(spec.storage.folder, systemClock);
      const isFull = async ({ namespace, bytes }: Quota): Promise<boolean> => {
        const usedBytes = await usage.bytes(namespace);
        if (usedBytes >= bytes) log.warn({ namespace, usedBytes, quotaBytes: bytes }, "quota used up");
        return usedBytes >= bytes;
      };
      const opened = await openTokenServer(listen, {
        service: spec.name,
        rights,
        limit: (scopes) => limitScopes(quotas, isFull, scopes),
        lifeSeconds,
        key: parseTokenKey(spec.folder, key ?? "", certificate ?? ""),
        users: openUsers(users),
        tls: spec.tls && { cert: readInput(spec.tls.certificate), key: readInput(spec.tls.key) },
        clock: systemClock,
        log,
      });
      log.info({ address: renderAddress(listen) }, "ready");
      await tellSystemdReady(log);
      await new Promise((resolve) =>
        signal.aborted ? resolve(0) : signal.addEventListener("abort", resolve),
      );
      await opened.close();
    },
  );
  return withExamples(command, [["plimsoll registry tokens", "as auth.tokens of the declaration says"]]);
}

interface PasswdOptions extends TokensOptions {
  readonly remove?: true;
}

function registryPasswd(): Command {
  const command = tokenCommand("passwd", "set a user's password, which is read from standard input")
    .argument("<user>")
    .option("--remove", "remove the user instead")
    .action(async (name: string, { server, remove }: PasswdOptions) => {
      const { users } = tokensOf(await readServer(server));
      if (!isUserName(name)) throw new UsageError(`${JSON.stringify(name)} is not the name of a user`);
      await writeUser(users, name, remove ? undefined : await hashPassword(readPassword()), systemClock);
      process.stdout.write(`${users}: ${name} ${remove ? "removed" : "written"}\n`);
    });
  return withExamples(command, [
    ["plimsoll registry passwd ci < password.txt", "for the first time, or another one"],
    ["plimsoll registry passwd ci --remove", "tokens that are out live for their minutes"],
  ]);
}

function readPassword(): string {
  if (isatty(STDIN)) throw new UsageError("the password is read from standard input, which is a terminal");
  const [password = ""] = readFileSync(STDIN, "utf8").split(/\r?\n/);
  if (password === "") throw new UsageError("the password on standard input is empty");
  return password;
}

function tokensOf({ auth }: ServerSpec): Auth & { kind: "tokens" } {
  if (auth?.kind === "tokens") return auth;
  throw new UsageError("the declaration has no auth.tokens");
}

function tokenCommand(name: string, description: string): Command {
  return createCommand(name, description).option(
    "--server <file>",
    `what the registry is to be; PLIMSOLL_REGISTRY_SERVER, else ${DEFAULT_SERVER_FILE}`,
  );
}
