import { expect, test } from "vitest";
import { findInstalls } from "../../../../provisioner/images/installs.ts";

const find = (text: string): string =>
  findInstalls(text)
    .map(({ manager, name, version }) => `${manager}:${name}${version && `=${version}`}`)
    .join(" ");

test.for([
  [
    "apt-get update && apt-get install -y --no-install-recommends curl git=1:2.39-1 && rm -rf /x",
    "dpkg:curl dpkg:git=1:2.39-1",
  ],
  ["--mount=type=cache,target=/x apt install -t bookworm libssl3:amd64 tool/sid", "dpkg:libssl3 dpkg:tool"],
  ["apk add --no-cache --virtual .deps curl=8.5-r0 'musl<2' g++~12", "apk:curl=8.5-r0 apk:musl apk:g++"],
  ['["/usr/bin/apt-get", "install", "-y", "curl"]', "dpkg:curl"],
  ['sh -c "apt-get install curl"', "dpkg:curl"],
  ["<<END\napt-get install a\napk add b # not c\nEND", "dpkg:a apk:b"],
  ["apt-get remove curl; make install", ""],
  ["apt-get -y install $PACKAGES", ""],
  ["", ""],
] as const)("%s installs %s", ([text, packages]) => expect(find(text)).toBe(packages));
