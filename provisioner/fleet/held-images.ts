/**
 * Whether a host that has images by these names (as its engine calls them) makes a container of `image` without
 * a pull. People leave out what the engine adds, and write what it leaves out.
 */
export function holdsImage(images: readonly string[], image: string): boolean {
  return images.includes(nameInEngine(image));
}

/** `debian` → `debian:latest`, `docker.io/library/debian:12` → `debian:12`, `app:v1@sha256:…` → `app@sha256:…`. */
export function nameInEngine(image: string): string {
  const [name = "", digest] = image.split("@");
  const familiar = name.replace(/^(?:(?:index\.)?docker\.io\/)?(?:library\/)?/, "");
  const [, path = familiar, tag = "latest"] = /^(.+):([^/:]+)$/.exec(familiar) ?? [];
  return digest === undefined ? `${path}:${tag}` : `${path}@${digest}`;
}
