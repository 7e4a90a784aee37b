import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { FUSE_MIN_READ_BUFFER } from "../fuse/abi.ts";
import type { Transport } from "./types.ts";

const DEVICE = "/dev/fuse";
/** The longest that is asked all the time is READ, 80 bytes. */
const SHORT_BYTES = 128;

/** Opens the FUSE device. The descriptor becomes a connection by being mounted, and lives as long as any process holds it. */
export function openDevFuse(): number {
  try {
    return openSync(DEVICE, constants.O_RDWR);
  } catch (cause) {
    throw new PlimsollError("FUSE_DEVICE", `${DEVICE} cannot be opened`, {
      cause,
      hint: hintFor(errnoOf(cause)),
    });
  }
}

function hintFor(errno: string | undefined): string {
  if (errno === "EACCES" || errno === "EPERM") return "run as root; in a container, allow the device";
  return "modprobe fuse; in a container, pass --device /dev/fuse";
}

/** The connection behind a mounted `descriptor`. For a thread that may block: no event loop can wait for this device. */
export function openDevFuseTransport(descriptor: number): Transport {
  const buffer = Buffer.allocUnsafeSlow(FUSE_MIN_READ_BUFFER);
  /** The beginnings of the buffer, by length: nearly all requests are of the same few, and to make one takes a while. */
  const beginnings: Buffer[] = Array.from({ length: SHORT_BYTES }, (_, length) => buffer.subarray(0, length));
  return {
    receive: () => {
      const length = readRequest(descriptor, buffer);
      return length === undefined ? undefined : (beginnings[length] ?? buffer.subarray(0, length));
    },
    send: (reply) => writeReply(descriptor, reply),
    close: () => closeSync(descriptor),
  };
}

function readRequest(descriptor: number, buffer: Buffer): number | undefined {
  for (;;) {
    try {
      return readSync(descriptor, buffer, 0, buffer.length, null);
    } catch (error) {
      const errno = errnoOf(error);
      // Unmounted; or aborted from outside, which FUSE_ABORT_ERROR tells apart.
      if (errno === "ENODEV" || errno === "ECONNABORTED") return undefined;
      // ENOENT: the caller was killed while its request was on the way.
      if (errno !== "EINTR" && errno !== "EAGAIN" && errno !== "ENOENT") throw error;
    }
  }
}

function writeReply(descriptor: number, reply: Buffer): void {
  try {
    writeSync(descriptor, reply, 0, reply.length, null);
  } catch (error) {
    const errno = errnoOf(error);
    // ENOENT: the caller was killed meanwhile. ENODEV: the mount is gone, the next receive says so.
    if (errno !== "ENOENT" && errno !== "ENODEV" && errno !== "ECONNABORTED") throw error;
  }
}
