import { renderScale } from "../support/collector-scale.ts";

/* What docs/collector-scale-out.md says of 5,000 to 50,000 agents, computed from what one collector costs: see MEASURED there. */
console.log(renderScale());
