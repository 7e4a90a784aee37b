import { expect, test } from "vitest";
import { holdsImage, nameInEngine } from "../../../../provisioner/fleet/held-images.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["debian", "debian:latest"],
  ["debian:12", "debian:12"],
  ["docker.io/library/debian:12", "debian:12"],
  ["library/debian:12", "debian:12"],
  ["docker.io/team/app", "team/app:latest"],
  ["registry.example:5000/team/app", "registry.example:5000/team/app:latest"],
  [`registry.example:5000/team/app:v1@${DIGEST}`, `registry.example:5000/team/app@${DIGEST}`],
])("%s is %s to the engine", (image, name) => {
  expect(nameInEngine(image)).toBe(name);
});

test("a host has an image by tag and by digest", () => {
  const images = ["team/app:v1", `team/app@${DIGEST}`];

  expect(
    ["team/app:v1", `team/app@${DIGEST}`, `team/app:v2@${DIGEST}`].map((each) => holdsImage(images, each)),
  ).toEqual([true, true, true]);
  expect(holdsImage(images, "team/app:v2")).toBe(false);
});
