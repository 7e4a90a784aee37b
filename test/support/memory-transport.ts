import type { Transport } from "../../lxcfs-shim/transport/types.ts";

/** A connection whose kernel is a list of messages; it ends as an unmounted one does. */
export interface MemoryTransport extends Transport {
  readonly sent: readonly Buffer[];
}

/** `refuse` plays a kernel that finds a reply malformed. */
export function openMemoryTransport(
  messages: readonly Buffer[],
  refuse: (reply: Buffer) => boolean = () => false,
): MemoryTransport {
  const waiting = [...messages];
  const sent: Buffer[] = [];
  return {
    sent,
    receive: () => waiting.shift(),
    send: (reply) => {
      if (refuse(reply))
        throw Object.assign(new Error("EINVAL: invalid argument, write"), { code: "EINVAL" });
      sent.push(Buffer.from(reply));
    },
    close: () => {},
  };
}
