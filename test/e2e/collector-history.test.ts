import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, fetch as fetchFrom } from "undici";
import { afterEach, expect } from "vitest";
import { exec } from "../../core/runtime/exec.ts";
import { Cleanup } from "../support/cleanup.ts";
import { freePort } from "../support/free-port.ts";
import { describeIf, isRoot, testIf } from "../support/host.ts";
import { gauge, push, pushBody } from "../support/push.ts";
import { startReceiver } from "../support/remote-write-receiver.ts";
import { programArgv, type RunningProgram, startProgram } from "../support/run-program.ts";
import { waitFor } from "../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function start(port: number, ...args: readonly string[]): Promise<RunningProgram> {
  const argv = programArgv("plimsoll-collector", "serve", "--listen", `127.0.0.1:${port}`, ...args);
  const program = startProgram(cleanup, argv);
  await program.waitForLine(/"msg":"ready"/);
  return program;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests assert
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

/** Pushes one sample after the other for a machine until `stop`, each until it is acknowledged; returns what was. */
async function pushSequence(url: string, ip: string, startMs: number, stop: AbortSignal): Promise<number[]> {
  const acknowledged: number[] = [];
  for (let i = 0; !stop.aborted; ) {
    const body = pushBody(gauge("sequence", { instance: ip }, i, startMs + i));
    const status = await push(`${url}/api/v1/write`, body).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 204) acknowledged.push(i++);
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return acknowledged;
}

describeIf()("what is acknowledged is kept", () => {
  testIf()(
    "killed at random moments under load, every acknowledged sample is in the history once, and in the sink",
    async () => {
      const receiver = await startReceiver(cleanup);
      const [port, data] = [await freePort(), cleanup.temporaryFolder()];
      const args = ["--trust", "any", "--data", data, "--forward", receiver.url];
      const url = `http://127.0.0.1:${port}`;
      let collector = await start(port, ...args);
      const stop = new AbortController();
      const startMs = Date.now() - 3_600_000;
      const ips = Array.from({ length: 12 }, (_, i) => `10.0.0.${i + 1}`);
      const pushers = ips.map((ip) => pushSequence(url, ip, startMs, stop.signal));
      for (let kills = 0; kills < 50; kills++) {
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 400));
        await collector.stop("SIGKILL");
        collector = await start(port, ...args);
      }
      stop.abort();
      const acknowledged = await Promise.all(pushers);

      for (const [index, ip] of ips.entries()) {
        const { series } = await getJson(`${url}/api/v1/machines/${ip}/series?name=sequence&from=2h`);
        const values = series[0].points.map(([, value]: [number, number]) => value);
        // One that was written when the process was killed was sent again.
        expect(values.slice(0, acknowledged[index]?.length)).toEqual(acknowledged[index]);
        expect(series[0].points.length - (acknowledged[index]?.length ?? 0)).toBeLessThanOrEqual(1);
        const sent = await waitFor("all of it in the sink", () => {
          const arrived = new Set(receiver.values("sequence", { instance: ip }));
          return acknowledged[index]?.every((value) => arrived.has(value)) && arrived;
        });
        expect(sent.size).toBeGreaterThan(0);
      }
      const { histories } = await getJson(`${url}/api/v1/machines/${ips[0]}`);
      expect(histories).toHaveLength(1);
      expect(await collector.stop()).toBe(0);
    },
    600_000,
  );

  testIf(isRoot)("a full disk refuses for a while, and loses nothing that was acknowledged", async () => {
    const data = cleanup.temporaryFolder();
    await exec(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", data]);
    cleanup.add("tmpfs", async () => void (await exec(["umount", data])));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const collector = await start(port, "--trust", "any", "--data", data);
    const send = async (value: number): Promise<number> => {
      const body = pushBody(gauge("sequence", { instance: "10.0.0.1" }, value));
      const { status } = await push(`${url}/api/v1/write`, body);
      return status;
    };
    expect(await send(1)).toBe(204);
    const ballast = join(data, "ballast");
    await exec(["dd", "if=/dev/zero", `of=${ballast}`, "bs=4k"], { okCodes: [0, 1] });
    const isFull = async (): Promise<boolean> => (await send(2)) === 503;
    await waitFor("a refusal", isFull, 30_000);
    expect((await getJson(`${url}/readyz`)).ready).toBe(true);
    await exec(["rm", ballast]);
    await waitFor("room", async () => (await send(3)) === 204);
    const { series } = await getJson(`${url}/api/v1/machines/10.0.0.1/series?name=sequence`);
    const values = series[0].points.map(([, value]: [number, number]) => value);
    expect([values[0], values.at(-1)]).toEqual([1, 3]);
    expect(await collector.stop()).toBe(0);
  });

  testIf()("a damaged file is set aside, and the collector starts", async () => {
    const [port, data] = [await freePort(), cleanup.temporaryFolder()];
    writeFileSync(join(data, "history.db"), Buffer.alloc(20_000, "x"));
    const collector = await start(port, "--data", data);
    await collector.waitForLine(/history damaged: set aside/);
    expect(await collector.stop()).toBe(0);
  });
});

describeIf()("who speaks for whom", () => {
  testIf()("a machine from its own address, another one with a token", async () => {
    const [port, tokens] = [await freePort(), join(cleanup.temporaryFolder(), "tokens")];
    writeFileSync(tokens, "a-token-of-127-0-0-9 127.0.0.9\n");
    const collector = await start(port, "--data", "none", "--token-file", tokens);
    const send = async (
      from: string,
      instance: string,
      headers: Record<string, string> = {},
    ): Promise<string> => {
      const dispatcher = new Agent({ localAddress: from });
      const response = await fetchFrom(`http://127.0.0.1:${port}/api/v1/write`, {
        method: "POST",
        body: new Uint8Array(pushBody(gauge("up", { instance }))),
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          ...headers,
        },
        dispatcher,
      });
      const answer = `${response.status} ${(await response.text()).trim()}`;
      await dispatcher.close();
      return answer;
    };
    expect(await send("127.0.0.2", "127.0.0.2")).toBe("204 ");
    expect(await send("127.0.0.2", "127.0.0.9")).toBe(
      "403 127.0.0.2 may not speak for 127.0.0.9: push from that address, or with its token",
    );
    const authorization = "Bearer a-token-of-127-0-0-9";
    expect(await send("127.0.0.2", "127.0.0.9", { authorization })).toBe("204 ");
    expect(await send("127.0.0.2", "127.0.0.3", { authorization })).toMatch(/^403 the token is not/);
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(page).toContain('plimsoll_collector_untrusted_total{reason="address"} 1\n');
    expect(await collector.stop()).toBe(0);
  });
});
