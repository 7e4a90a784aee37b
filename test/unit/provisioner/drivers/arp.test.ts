import { expect, test } from "vitest";
import type { Exec, ExecResult } from "../../../../core/runtime/exec.ts";
import {
  announceAddress,
  askForAddress,
  parseReply,
  probeAddress,
} from "../../../../provisioner/drivers/arp.ts";

const TAKEN = `ARPING 10.10.0.1 from 0.0.0.0 eth0
Unicast reply from 10.10.0.1 [02:00:0A:0A:00:01]  0.865ms
Sent 1 probes (1 broadcast(s))
Received 1 response(s)
`;

function recorder(result: Partial<ExecResult>): { readonly commands: string[]; readonly run: Exec } {
  const commands: string[] = [];
  const run: Exec = async (argv) => {
    commands.push(argv.join(" "));
    return { stdout: "", stderr: "", code: 0, ...result };
  };
  return { commands, run };
}

test("who answers has it", async () => {
  const { run } = recorder({ stdout: TAKEN, code: 1 });

  expect(await probeAddress("/run/netns/c1", "eth0", "10.10.0.1", "fast", run)).toEqual({
    takenBy: "02:00:0a:0a:00:01",
  });
});

test("silence is free; how long it is listened for depends on the mode", async () => {
  const { commands, run } = recorder({});

  expect(await probeAddress("/run/netns/c1", "eth0", "10.10.0.1", "fast", run)).toEqual({});
  expect(await probeAddress("/run/netns/c1", "eth0", "10.10.0.1", "rfc5227", run)).toEqual({});
  await announceAddress("/run/netns/c1", "eth0", "10.10.0.1", run);

  const inside = "nsenter --net=/run/netns/c1 -- arping";
  expect(commands).toEqual([
    `${inside} -D -c 1 -w 1 -I eth0 10.10.0.1`,
    `${inside} -D -c 3 -w 3 -I eth0 10.10.0.1`,
    `${inside} -U -c 2 -I eth0 10.10.0.1`,
  ]);
});

test("an address of another is asked for from one's own", async () => {
  const { commands, run } = recorder({ stdout: TAKEN });
  const ask = (each: Exec): Promise<object> =>
    askForAddress("/run/netns/c1", "eth0", "10.10.0.1", "rfc5227", each);

  expect(await ask(run)).toEqual({ takenBy: "02:00:0a:0a:00:01" });
  expect(commands).toEqual(["nsenter --net=/run/netns/c1 -- arping -f -c 3 -w 3 -I eth0 10.10.0.1"]);
  expect(await ask(recorder({ code: 1 }).run)).toEqual({});
});

test("a failure is not an answer", async () => {
  const probe = (result: Partial<ExecResult>): Promise<object> =>
    probeAddress("/run/netns/c1", "eth0", "10.10.0.1", "fast", recorder(result).run);

  await expect(probe({ code: 2, stderr: 'Interface "eth0" is down\n' })).rejects.toThrow(
    'arping 10.10.0.1: Interface "eth0" is down',
  );
  await expect(probe({ code: 1 })).rejects.toThrow("arping 10.10.0.1: exit code 1");
});

test("replies and requests of another prober count alike", () => {
  expect(parseReply("Broadcast request from 10.10.0.1 [02:00:0A:0A:00:02]")).toBe("02:00:0a:0a:00:02");
  expect(parseReply("Received 0 response(s)")).toBeUndefined();
});
