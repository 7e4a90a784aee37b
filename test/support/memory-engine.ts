import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A Docker engine on a socket that knows of images what pulling and naming them needs. */
export class MemoryEngine {
  /** What names an image has, by the name of its digest. */
  readonly images: Map<string, Set<string>> = new Map();
  readonly pulls: string[] = [];
  /** What a pull of `NAME@DIGEST` fails with. */
  failure: ((name: string) => string | undefined) | undefined;
  /** Pulls under way at once, at most. */
  most = 0;
  #pulling = 0;
  socket = "";

  async start(cleanup: Cleanup, pullMs = 0): Promise<this> {
    this.socket = join(cleanup.temporaryFolder(), "docker.sock");
    const server = createServer(async (request, response) => {
      const { status, text } = await this.#answer(request, pullMs);
      response.writeHead(status).end(text);
    });
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
    cleanup.add("engine", () => new Promise<void>((resolve) => void server.close(() => resolve())));
    return this;
  }

  async #answer({ url = "", method }: IncomingMessage, pullMs: number): Promise<Answer> {
    const { pathname, searchParams } = new URL(url, "http://docker");
    const name = decodeURI(pathname).replace(/^\/v[\d.]+\/images\/|\/(?:json|tag)$/g, "");
    const asked = (key: string): string => searchParams.get(key) ?? "";
    if (name === "create") return { status: 200, text: await this.#pull(asked("fromImage"), pullMs) };
    const digest = [...this.images].find(([key, names]) => key === name || names.has(name))?.[0];
    if (digest === undefined) return { status: 404, text: "{}" };
    if (method === "GET") return { status: 200, text: JSON.stringify({ RepoDigests: [digest] }) };
    this.#tag(digest, `${asked("repo")}:${asked("tag")}`);
    return { status: 201, text: "" };
  }

  #tag(digest: string, name: string): void {
    for (const names of this.images.values()) names.delete(name);
    this.images.get(digest)?.add(name);
  }

  async #pull(name: string, pullMs: number): Promise<string> {
    this.pulls.push(name);
    this.most = Math.max(this.most, ++this.#pulling);
    await new Promise((resolve) => setTimeout(resolve, pullMs));
    this.#pulling--;
    const error = this.failure?.(name);
    if (error !== undefined) return JSON.stringify({ error });
    if (!this.images.has(name)) this.images.set(name, new Set());
    return '{"status":"done"}';
  }
}
