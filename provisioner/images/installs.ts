import type { InstalledPackage } from "./packages.ts";

/** Commands that install packages, and those of their options that are followed by a value. */
const MANAGERS: readonly {
  readonly manager: InstalledPackage["manager"];
  readonly command: RegExp;
  readonly valued: readonly string[];
}[] = [
  {
    manager: "dpkg",
    command: /^(?:apt|apt-get|aptitude)$/,
    valued: ["-t", "--target-release", "--default-release", "-o", "--option", "-c", "--config-file", "-a"],
  },
  {
    manager: "apk",
    command: /^apk$/,
    valued: ["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir"],
  },
];

/** What a RUN's commands name for installation. The version is empty where they leave it open. */
export function findInstalls(text: string): readonly InstalledPackage[] {
  return commandsOf(text).flatMap((words) => {
    for (const { manager, command, valued } of MANAGERS) {
      const at = words.findIndex((word) => command.test(word.replace(/^.*\//, "")));
      const verb = words.indexOf(manager === "apk" ? "add" : "install", at + 1);
      if (at !== -1 && verb !== -1) return packagesOf(manager, words.slice(verb + 1), valued);
    }
    return [];
  });
}

/** Words of each command, as a shell would part them, nearly. */
function commandsOf(text: string): readonly (readonly string[])[] {
  const plain = text.startsWith("[") ? text.replaceAll(/[[\],]/g, " ") : text;
  return plain.split(/&&|\|\||[;|&\n(){}]/).map((command) =>
    command
      .replace(/(^|\s)#.*/, "")
      .replaceAll(/["']/g, "")
      .trim()
      .split(/\s+/),
  );
}

function packagesOf(
  manager: InstalledPackage["manager"],
  words: readonly string[],
  valued: readonly string[],
): readonly InstalledPackage[] {
  const named = words.filter((word, at) => !word.startsWith("-") && !valued.includes(words[at - 1] ?? ""));
  return named.flatMap((word) => {
    // debian:12's curl:amd64=7.88, curl/bookworm; apk's curl=8.5-r0, curl~8, curl>8.
    const [, name = "", exact = ""] =
      /^([A-Za-z0-9][A-Za-z0-9+._-]*)(?::[a-z0-9]+)?(?:\/[\w-]+)?(?:=(\S+)|[~<>@].*)?$/.exec(word) ?? [];
    return name === "" ? [] : [{ manager, name, version: exact }];
  });
}
