import type { Resource } from "./types.ts";

/** The image, needed as long as there is no container made of it. It stays on the host as a cache. */
export const image: Resource = {
  kind: "image",
  reach: ({ hasImage, containers }, { id, name, generation, image: wanted }) =>
    hasImage || containers.some((each) => each.generation === generation && each.isOfHolder)
      ? []
      : [{ kind: "fetchImage", machine: { id, name }, image: wanted }],
  remove: () => [],
};
