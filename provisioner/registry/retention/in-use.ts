import { existsSync } from "node:fs";
import type { ContainerListAnswer, ImageInspectAnswer } from "../../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { EngineConnection } from "../../docker/request.ts";
import { listMachines } from "../../machines/machines.ts";
import type { Store } from "../../store/types.ts";
import { isDigest, isRepository, isTag } from "../names.ts";
import type { InUse } from "./plan-removal.ts";

/**
 * What the machines of the store are made of, on whichever host, and what the containers of this host's engine
 * run, whoever made them. In whose registry an image is does not matter: it may be known there by many names.
 */
export async function readInUse(store: Store, engineSocket: string): Promise<InUse> {
  const machines = await listMachines(store);
  const names = machines.map(({ machine }) => machine.image);
  // An engine that is there and does not answer is not one without containers.
  const engine = existsSync(engineSocket) ? await readEngine(engineSocket) : [];
  return parseInUse([...names, ...engine]);
}

/** `HOST/team/app:v1`, `team/app@sha256:…`: names without the registry's, and digests. */
export function parseInUse(names: readonly string[]): InUse {
  const [digests, tags] = [new Set<string>(), new Set<string>()];
  for (const name of names) {
    const [image = "", digest] = name.split("@");
    if (digest !== undefined && isDigest(digest)) digests.add(digest);
    const [, path = image, tag = digest === undefined ? "latest" : ""] =
      /^(.+?)(?::([^:/]+))?$/.exec(image) ?? [];
    const [first = "", ...rest] = path.split("/");
    const repository = /[.:]|^localhost$/.test(first) ? rest.join("/") : path;
    if (isRepository(repository) && isTag(tag)) tags.add(`${repository}:${tag}`);
  }
  return { digests, tags };
}

/** Names and digests of what all its containers are made of, also those that are stopped. */
async function readEngine(socket: string): Promise<readonly string[]> {
  const connection = new EngineConnection(socket);
  try {
    const { text } = await connection.call("GET", "/containers/json?all=1");
    const containers = (JSON.parse(text) as ContainerListAnswer).map(imageOf);
    const images = await Promise.all(
      [...new Set(containers.map(({ ImageID }) => ImageID))].map(async (id): Promise<ImageInspectAnswer> => {
        const answer = await connection.call("GET", `/images/${id}/json`, { ok: [200, 404] });
        return answer.status === 404 ? {} : JSON.parse(answer.text);
      }),
    );
    // By a name that is a digest of the engine's own nobody else knows it.
    const named = containers.map(({ Image }) => Image).filter((name) => !name.startsWith("sha256:"));
    return [...named, ...images.flatMap(({ RepoDigests }) => RepoDigests ?? [])];
  } finally {
    await connection.close();
  }
}

/** Of one that does not say so, nobody knows what to keep. */
function imageOf({ Image, ImageID }: ContainerListAnswer[number]): { Image: string; ImageID: string } {
  if (Image !== undefined && ImageID !== undefined) return { Image, ImageID };
  throw new PlimsollError("DOCKER", "docker: does not tell what each container is made of");
}
