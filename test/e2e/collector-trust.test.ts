import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect } from "vitest";
import { makeAuthority } from "../support/certificates.ts";
import { Cleanup } from "../support/cleanup.ts";
import { hasCommand, testIf } from "../support/host.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const IP = "10.0.0.7";

interface Running {
  readonly program: RunningProgram;
  readonly address: string;
  readonly admin: string;
}

async function startCollector(...flags: readonly string[]): Promise<Running> {
  const argv = programArgv(
    "plimsoll-collector",
    "serve",
    "--data",
    "none",
    "--admin-listen",
    "127.0.0.1:0",
    ...flags,
  );
  const program = startProgram(cleanup, argv);
  const { addresses, adminAddresses } = JSON.parse(await program.waitForLine(/"msg":"ready"/));
  return { program, address: addresses[0], admin: `http://${adminAddresses[0]}` };
}

testIf(hasCommand("openssl"))(
  "an agent speaks for its address by its certificate, over TLS, through a renewal",
  async () => {
    const folder = cleanup.temporaryFolder();
    const authority = await makeAuthority(folder);
    const file = (name: string): string => join(folder, name);
    const install = async (): Promise<void> => {
      const { cert, key } = await authority.issue("127.0.0.1");
      copyFileSync(cert, file("server.pem"));
      copyFileSync(key, file("server.key"));
    };
    await install();
    const tls = [
      "--tls-cert",
      file("server.pem"),
      "--tls-key",
      file("server.key"),
      "--tls-client-ca",
      authority.cert,
    ];
    writeFileSync(file("tokens"), "");
    const trust = ["--trust", "token", "--token-file", file("tokens")];
    const collector = await startCollector("--listen", "tls://127.0.0.1:0", ...trust, ...tls);
    const startAgent = async (ip: string, name: string): Promise<RunningProgram> => {
      const { cert, key } = await authority.issue(name);
      const url = `remote-write+https://${collector.address}/api/v1/write`;
      const config = file(`${ip}.yaml`);
      writeFileSync(config, JSON.stringify({ push: [{ url, ca: authority.cert, cert, key }] }));
      const flags = ["run", "--config", config, "--ip", ip, "--interval", "1s", "--spool", "none"];
      return startProgram(cleanup, programArgv("plimsoll-agent", ...flags));
    };
    const [good, stranger] = [await startAgent(IP, IP), await startAgent("10.0.0.8", "10.0.0.9")];
    const page = async (): Promise<string> => (await fetch(`${collector.admin}/metrics`)).text();
    await waitFor("pushes of the one", async () => (await page()).includes(`instance="${IP}"`));
    await waitFor("refusals of the other", async () =>
      /untrusted_total\{reason="token"\} [1-9]/.test(await page()),
    );
    const taken = await page();
    expect(taken).toContain(`instance="${IP}"`);
    expect(taken).not.toContain('instance="10.0.0.8"');

    await install();
    process.kill(collector.program.pid, "SIGHUP");
    await collector.program.waitForLine(/certificates read again/);
    const before = Number(/samples_total (\d+)/.exec(await page())?.[1]);
    await waitFor("more pushes", async () => Number(/samples_total (\d+)/.exec(await page())?.[1]) > before);
    for (const agent of [good, stranger]) expect([0, "SIGTERM"]).toContain(await agent.stop());
    expect(await collector.program.stop()).toBe(0);
  },
);

testIf()("ten thousand connections that send a byte a second hold up themselves only", async () => {
  const { program, address, admin } = await startCollector("--listen", "127.0.0.1:0", "--trust", "any");
  const port = Number(address.split(":")[1]);
  const sockets: Socket[] = [];
  let ended = 0;
  // Of three hosts: one may hold half of what there are.
  for (let i = 0; i < 9_990; i++) {
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + (i % 3)}` });
    socket.on("error", () => {});
    socket.on("close", () => ended++);
    sockets.push(socket);
    if (i % 200 === 0) await sleep(10);
  }
  const request = "POST /api/v1/write HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
  let at = 0;
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(request[at % request.length] ?? "");
    at++;
  }, 1000);
  cleanup.add("drip", () => {
    clearInterval(drip);
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 5; i++) {
    const body = pushBody(gauge("a", { instance: IP }, i));
    expect((await push(`http://${address}/api/v1/write`, body)).status).toBe(204);
    await sleep(500);
  }
  expect((await fetch(`${admin}/healthz`)).status).toBe(200);
  const resident =
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.pid}/status`, "utf8"))?.[1]) / 1024;
  expect(resident).toBeLessThan(400);
  // Headers that do not come within ten seconds are not waited for.
  await waitFor("the end of all of them", () => ended === sockets.length, 60_000);
  clearInterval(drip);
  expect(await program.stop()).toBe(0);
});
