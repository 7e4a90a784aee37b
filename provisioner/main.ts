import { createProgram, runCommandLine } from "../core/runtime/command-line.ts";
import { ctCommand } from "./ct-command.ts";
import { hostCommand } from "./host-command.ts";
import { imageCommand } from "./image-command.ts";
import { netCommand } from "./net-command.ts";
import { registryCommand } from "./registry-command.ts";
import { serveCommand } from "./serve-command.ts";
import { upCommand } from "./up/up-command.ts";

await runCommandLine((signal) =>
  createProgram("plimsoll", "containers with the life of a virtual machine")
    .addCommand(upCommand(signal))
    .addCommand(ctCommand(signal))
    .addCommand(netCommand())
    .addCommand(hostCommand(signal))
    .addCommand(registryCommand(signal))
    .addCommand(imageCommand(signal))
    .addCommand(serveCommand(signal)),
);
