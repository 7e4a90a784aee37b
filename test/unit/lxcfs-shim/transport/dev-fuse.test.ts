import { spawnSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openDevFuseTransport } from "../../../../lxcfs-shim/transport/dev-fuse.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();

afterEach(() => cleanup.run());

test("a message is what one read gives and what one write takes; anything unforeseen is thrown", () => {
  const fifo = join(cleanup.temporaryFolder(), "fifo");
  spawnSync("mkfifo", [fifo]);
  const descriptor = openSync(fifo, constants.O_RDWR); // both ends: what is sent comes back
  const transport = openDevFuseTransport(descriptor);

  transport.send(Buffer.from("a whole message"));
  expect(transport.receive()?.toString()).toBe("a whole message");
  transport.send(Buffer.from("and one more"));
  expect(transport.receive()?.toString()).toBe("and one more");

  transport.close();
  expect(() => transport.receive()).toThrow("EBADF");
  expect(() => transport.send(Buffer.from("x"))).toThrow("EBADF");
});
