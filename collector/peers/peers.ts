import { UsageError } from "../../core/runtime/errors.ts";
import { Peer, type PeerOptions } from "./peer.ts";

export interface Peers {
  readonly peers: readonly Pick<Peer, "name" | "isConnected">[];
  close(): Promise<void>;
}

/** Asks each of them until it is closed. */
export function openPeers(urls: readonly URL[], parts: Omit<PeerOptions, "url">): Peers {
  const stop = new AbortController();
  const peers = urls.map((url) => new Peer({ url, ...parts }));
  const runs = peers.map((peer) => peer.run(stop.signal));
  return {
    peers,
    close: async () => {
      stop.abort();
      await Promise.all(runs);
    },
  };
}

/** `http://10.0.0.12:9465`: where another collector has its pages. Throws UsageError naming `option` otherwise. */
export function parsePeerUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "")
    return url;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not where another collector is`, {
    hint: "write http://HOST:9465",
  });
}
