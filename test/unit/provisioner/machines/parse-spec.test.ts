import { expect, test } from "vitest";
import {
  type MachineText,
  namesOf,
  parseBytes,
  parseMachineSpec,
} from "../../../../provisioner/machines/parse-spec.ts";

const TEXT: MachineText = {
  name: "web",
  image: "debian:12",
  command: [],
  net: "front",
  cpus: "1.5",
  memory: "512M",
  disk: "1G",
  fs: "ext4",
  type: "container",
  label: ["team=shop"],
  attach: "internal",
};

test("what an operator writes", () => {
  expect(parseMachineSpec({ ...TEXT, ip: "10.0.0.7" }, 2)).toEqual({
    name: "web",
    image: "debian:12",
    command: [],
    network: "front",
    cpus: 1.5,
    memoryBytes: 2 ** 29,
    disk: { bytes: 2 ** 30, fileSystem: "ext4" },
    address: "10.0.0.7",
    type: "container",
    labels: { team: "shop" },
    attach: "internal",
  });
});

test.for([
  [{ name: "Web" }, "NAME"],
  [{ cpus: "0" }, "--cpus"],
  [{ cpus: "3" }, "--cpus"],
  [{ cpus: "1.234" }, "--cpus"],
  [{ memory: "10M" }, "--memory"],
  [{ memory: "lots" }, "--memory"],
  [{ disk: "200M", fs: "xfs" }, "--disk"],
  [{ fs: "zfs" }, "--fs"],
  [{ ip: "10.0.0.07" }, "--ip"],
  [{ type: "a b" }, "--type"],
  [{ image: "" }, "--image"],
  [{ image: "Debian 12" }, "--image"],
  [{ image: "a/../../containers/b" }, "--image"],
  [{ image: "debian:12?x=1" }, "--image"],
  [{ image: "debian@sha256:12" }, "--image"],
  [{ command: ["a\0b"] }, "COMMAND"],
  [{ label: ["team"] }, "--label"],
  [{ label: ["team=a\nb"] }, "--label"],
  [{ label: ["__name__=up"] }, "--label"],
  [{ label: ["ip=10.0.0.7"] }, "--label"],
  [{ label: ["a=1", "a=2"] }, "--label"],
  [{ attach: "macvlan" }, "--attach"],
] as const)("%j is refused by its option's name", ([changes, option]) => {
  expect(() => parseMachineSpec({ ...TEXT, ...changes }, 2)).toThrow(new RegExp(`^${option}:`));
});

test.for([
  "debian",
  "library/debian:12-slim",
  "docker.io/library/debian:12",
  "registry.example.com:5000/team/app_x/a--b:v1.2",
  "[fd00::1]:5000/app",
  "localhost/app",
  `debian@sha256:${"0a".repeat(32)}`,
  `debian:12@sha256:${"0a".repeat(32)}`,
  `sha256:${"0a".repeat(32)}`,
])("%s is an image", (image) => {
  expect(parseMachineSpec({ ...TEXT, image }, 2).image).toBe(image);
});

test.for([
  ["512M", 2 ** 29],
  ["1.5GiB", 1.5 * 2 ** 30],
  ["2T", 2 ** 41],
  ["2048KB", 2 ** 21],
] as const)("%s", ([text, bytes]) => {
  expect(parseBytes("--disk", text)).toBe(bytes);
});

test.for(["", "512", "1.5K", "1G1M", "-1G"])("%j is no size", (text) => {
  expect(() => parseBytes("--disk", text)).toThrow("--disk");
});

test("one keeps its name, several are numbered", () => {
  expect(namesOf("web", 1)).toEqual(["web"]);
  expect(namesOf("web", 3)).toEqual(["web-1", "web-2", "web-3"]);
});
