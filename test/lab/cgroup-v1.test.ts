import { describeGuest } from "./guest-suite.ts";

await describeGuest(1);
