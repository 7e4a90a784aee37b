import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import { connectNats, type NatsIdentity } from "../../collector/nats-client.ts";
import { parseNatsUser } from "../../collector/nats-nkey.ts";
import { type Authority, makeAuthority } from "../support/certificates.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, hasCommand, testIf } from "../support/host.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import { canConnect, restartable } from "../support/receivers.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SEED = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";

interface Server {
  readonly port: number;
  /** The samples' values in its stream, and so many messages as there are. */
  values(): Promise<readonly number[]>;
}

/** A JetStream server that lets in who `authorization` says, over TLS where there is an authority. */
async function startNats(
  authorization: string,
  identity: NatsIdentity & { readonly url?: string },
  authority?: Authority,
): Promise<Server> {
  const [folder, port] = [cleanup.temporaryFolder(), await freePort()];
  const config = join(folder, "nats.conf");
  let tls = "";
  if (authority !== undefined) {
    const { cert, key } = await authority.issue("127.0.0.1");
    tls = `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${authority.cert}" }\n`;
  }
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}/js" }\n${tls}${authorization}\n`,
  );
  await restartable(cleanup, ["nats-server", "--config", config], () => canConnect(port)).start();
  const url = new URL(`${authority === undefined ? "tcp" : "tls"}://${identity.url ?? ""}127.0.0.1:${port}`);
  const ask = async (subject: string, request: object): Promise<Record<string, unknown>> => {
    const client = await connectNats(url, identity);
    const body = Buffer.from(JSON.stringify(request));
    const { payload } = await client.request(`$JS.API.${subject}`, {}, body, 5000);
    client.close();
    return JSON.parse(payload) as Record<string, unknown>;
  };
  await ask("STREAM.CREATE.S", { name: "S", subjects: ["plimsoll.samples"] });
  return {
    port,
    values: async () => {
      const { state } = (await ask("STREAM.INFO.S", {})) as { state?: { last_seq: number } };
      const values: number[] = [];
      for (let seq = 1; seq <= (state?.last_seq ?? 0); seq++) {
        const { message } = (await ask("STREAM.MSG.GET.S", { seq })) as { message?: { data: string } };
        const lines = Buffer.from(message?.data ?? "", "base64")
          .toString()
          .trim()
          .split("\n");
        values.push(...lines.map((line) => JSON.parse(line).value as number));
      }
      return values;
    },
  };
}

async function startCollector(forward: object): Promise<{ url: string; program: RunningProgram }> {
  const config = join(cleanup.temporaryFolder(), "collector.yaml");
  writeFileSync(config, JSON.stringify({ forward: [forward] }));
  const flags = ["--listen", "127.0.0.1:0", "--trust", "any", "--data", "none", "--config", config];
  const program = startProgram(cleanup, programArgv("plimsoll-collector", "serve", ...flags));
  const { addresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return { url: `http://${addresses[0]}`, program };
}

async function expectThrough(server: Server, forward: object): Promise<void> {
  const { url, program } = await startCollector(forward);
  for (const value of [1, 2, 3])
    await push(
      `${url}/api/v1/write`,
      pushBody(gauge("a", { instance: "10.0.0.7" }, value, Date.now() + value)),
    );
  await waitFor("all of it", async () => (await server.values()).length >= 3);
  expect(await server.values()).toEqual([1, 2, 3]);
  expect(await program.stop()).toBe(0);
}

describeIf(hasCommand("nats-server"), hasCommand("openssl"))(
  "a real NATS server that asks who we are",
  () => {
    testIf()("over TLS, with a user and a password; not without the authority's certificate", async () => {
      const authority = await makeAuthority(cleanup.temporaryFolder());
      const tls = { ca: readFileSync(authority.cert) };
      const server = await startNats(
        'authorization { user: "me", password: "s3cret" }',
        { url: "me:s3cret@", tls },
        authority,
      );
      await expectThrough(server, {
        url: `nats+tls://me:s3cret@127.0.0.1:${server.port}`,
        ca: authority.cert,
      });
      for (const [url, reason] of [
        [`nats+tls://me:s3cret@127.0.0.1:${server.port}`, /self-signed|unable to verify|local issuer/],
        [`nats+tcp://me:s3cret@127.0.0.1:${server.port}`, /the server wants TLS/],
      ] as const) {
        const { url: collector, program } = await startCollector({ url });
        await push(`${collector}/api/v1/write`, pushBody(gauge("a", { instance: "10.0.0.7" }, 9)));
        expect(await program.waitForLine(/sink does not take samples/)).toMatch(reason);
        expect(program.lines.join()).not.toContain("s3cret");
        await program.stop();
      }
    });

    testIf()("a token, in the URL and out of a file; a wrong one is told as it is", async () => {
      const server = await startNats('authorization { token: "t0ken-of-test" }', { token: "t0ken-of-test" });
      const bearerTokenFile = join(cleanup.temporaryFolder(), "token");
      writeFileSync(bearerTokenFile, "t0ken-of-test\n");
      await expectThrough(server, { url: `nats+tcp://127.0.0.1:${server.port}`, bearerTokenFile });
      const { url, program } = await startCollector({ url: `nats+tcp://wrong@127.0.0.1:${server.port}` });
      await push(`${url}/api/v1/write`, pushBody(gauge("a", { instance: "10.0.0.7" })));
      expect(await program.waitForLine(/sink does not take samples/)).toMatch(/Authorization Violation/);
      await program.stop();
    });

    testIf()("an nkey: the seed stays here", async () => {
      const user = parseNatsUser(SEED);
      const server = await startNats(`authorization { users: [ { nkey: ${user.identity("").nkey} } ] }`, {
        user,
      });
      const credentialsFile = join(cleanup.temporaryFolder(), "user.nk");
      writeFileSync(credentialsFile, `${SEED}\n`);
      await expectThrough(server, { url: `nats+tcp://127.0.0.1:${server.port}`, credentialsFile });
    });
  },
);
