// fast-check tries the same examples in every run, unless FUZZ says how many new ones (`make fuzz`).

import fc from "fast-check";

const runs = Number(process.env.FUZZ ?? 0);
fc.configureGlobal(runs > 0 ? { numRuns: runs } : { seed: 1 });
