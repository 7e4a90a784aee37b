import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDeclaration } from "../../../../../provisioner/images/build/declaration.ts";
import { renderDockerfile } from "../../../../../provisioner/images/build/render-dockerfile.ts";
import { parseDockerfile } from "../../../../../provisioner/images/dockerfile.ts";
import { parseFromDockerfile } from "../../../../../provisioner/images/from-dockerfile.ts";
import { expectGolden } from "../../../../support/golden.ts";

function render(values: object): string {
  return renderDockerfile(parseDeclaration("web.yaml", { base: "debian:12", ...values }));
}

const ALL = {
  base: `registry.example/team/debian:12@sha256:${"a".repeat(64)}`,
  packages: ["nginx", "openssl=3.0.*"],
  files: [
    { from: "nginx.conf", to: "/etc/nginx/", mode: "0640", owner: "root:www-data" },
    { from: "site", to: "/srv/my site" },
  ],
  users: [
    { name: "web", uid: 1000, groups: ["adm", "batch"], sshKeys: ["ssh-ed25519 AAAA somebody"] },
    { name: "batch", uid: 1001, home: "/srv/batch", shell: "/usr/sbin/nologin" },
  ],
  ports: ["8080", "53/udp"],
  environment: { LANG: "C.UTF-8", PRICE: '5 $ "net"\\' },
  labels: { owner: "team web" },
  workdir: "/srv/my site",
  user: "web",
  command: ["nginx", "-g", "daemon off;"],
  health: { command: ["curl", "-f", "http://localhost:8080/"], interval: "1m", timeout: "500ms" },
  init: true,
  ssh: true,
  agent: "plimsoll-agent",
};

test("everything there is, for apt and for apk", () => {
  expectGolden("provisioner/image-build.dockerfile", render(ALL));
  expectGolden(
    "provisioner/image-build-alpine.dockerfile",
    render({ base: "alpine:3.20", packages: ["nginx"], ssh: true }),
  );
});

test("a policy sees in it what was declared", () => {
  const { image, files } = parseFromDockerfile("Dockerfile", render(ALL));

  expect(image.base).toBe(ALL.base);
  expect(image.config).toMatchObject({
    exposedPorts: ["8080/tcp", "53/udp", "22/tcp"],
    user: "web",
    labels: { owner: "team web", "org.opencontainers.image.base.digest": `sha256:${"a".repeat(64)}` },
  });
  expect(files.packages.map(({ name, version }) => [name, version])).toEqual([
    ["nginx", ""],
    ["openssl", "3.0.*"],
    ["openssh-server", ""],
  ]);
});

test("whatever a value is, it stays within its instruction", () => {
  const value = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n\0]/.test(text));
  fc.assert(
    fc.property(value, value, (one, two) => {
      const text = render({ environment: { A: one }, labels: { b: two }, command: [`x${one}`] });
      const names = parseDockerfile("Dockerfile", text).map(({ name }) => name);
      expect(names).toEqual(["FROM", "ENV", "LABEL", "LABEL", "CMD"]);
    }),
  );
});
