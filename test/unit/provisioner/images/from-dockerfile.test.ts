import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkImage } from "../../../../provisioner/images/check.ts";
import { isDockerfile, readFromDockerfile } from "../../../../provisioner/images/from-dockerfile.ts";
import { parsePolicy } from "../../../../provisioner/images/policy.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ROOT } from "../../repository/source-tree.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function read(...lines: readonly string[]): ReturnType<typeof readFromDockerfile> {
  const path = join(cleanup.temporaryFolder(), "Dockerfile");
  writeFileSync(path, lines.join("\n"));
  return readFromDockerfile(path);
}

test("what the last stage says, and what it is built upon", () => {
  const { image, files } = read(
    "ARG RELEASE=bookworm",
    `FROM --platform=linux/amd64 debian:\${RELEASE} AS base`,
    "ARG RELEASE",
    'LABEL a="one two" release=$RELEASE',
    'ENV HOME=/home/app NAME="x y"',
    "ENV OLD the old form",
    "RUN apt-get install -y curl",
    "FROM node:20 AS build",
    "RUN apt-get install -y gcc",
    "FROM base",
    `EXPOSE 80 53/udp \${PORT:-8080}`,
    "USER app:app",
    "LABEL home=$HOME",
    "RUN apt-get install -y git=1.0",
  );
  expect(image).toMatchObject({
    base: "debian:bookworm",
    layers: [],
    config: {
      exposedPorts: ["80/tcp", "53/udp", "8080/tcp"],
      user: "app:app",
      env: ["HOME=/home/app", "NAME=x y", "OLD=the old form"],
      labels: { a: "one two", release: "bookworm", home: "/home/app" },
    },
  });
  expect(files.packages.map(({ name, version }) => name + version)).toEqual(["curl", "git1.0"]);
});

test("by number, and by another name; a stage does not change the one it is built upon", () => {
  const { image } = read("FROM a", "FROM 0 AS Two", "USER two", "FROM two", "LABEL x=y", "FROM 1");
  expect(image).toMatchObject({ base: "a", config: { user: "two", labels: {} } });
});

test.for([
  [["RUN x"], /Dockerfile:1: RUN before FROM/],
  [["# nothing"], /has no FROM/],
  [["FROM a", "<html>"], /Dockerfile:2: "<html>" is no instruction/],
] as const)("%j is refused", ([lines, why]) => {
  expect(() => read(...lines)).toThrow(why);
});

test("a policy: versions that are left open accuse nobody", () => {
  const { image, files } = read(
    "FROM debian:12",
    "RUN apt-get install -y telnet openssl curl=7.0",
    "EXPOSE 22",
    "ENV API_TOKEN=x",
  );
  const policy = parsePolicy("policy", {
    packages: { forbidden: ["telnet*", "openssl<3.0", "curl<8"] },
    ports: ["80/tcp"],
    users: { forbidden: ["root"] },
    bases: ["alpine:*"],
    labels: ["source"],
  });
  expect(checkImage(policy, image, files).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    "package-forbidden: curl 7.0 (curl<8)",
    "package-forbidden: telnet (telnet*)",
    "port-not-allowed: 22/tcp",
    "user-not-allowed: root",
    "base-not-allowed: debian:12",
    "label-missing: source",
  ]);
  const allowed = parsePolicy("policy", {
    packages: { allowed: ["telnet", "openssl>=3", "curl"] },
    bases: "debian:*",
  });
  expect(checkImage(allowed, image, files)).toEqual([]);
});

test("which names are those of a Dockerfile", () => {
  expect(["Dockerfile", "a/Containerfile", "Dockerfile.prod", "x/app.dockerfile"].every(isDockerfile)).toBe(
    true,
  );
  expect(["app.tar", "Dockerfiles", "docker:app"].some(isDockerfile)).toBe(false);
});

test("the one of this repository", () => {
  const { image, files } = readFromDockerfile(join(ROOT, "Dockerfile"));
  expect(image.base).toMatch(/^debian:/);
  expect(image.config.exposedPorts).toEqual(["22/tcp"]);
  expect(files.packages.map(({ name }) => name)).toContain("openssh-server");
});
