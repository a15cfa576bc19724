-- The theory of "Understanding Flatness in Generative Models" (arXiv 2503.11078), executed: every claim of its section
-- 3 is computed, as it is printed and, where that fails, as it should stand. What follows is in docs/results/theory.md.
--
--   ./basin run scripts/flatness/theory.lua [--set seed=1] [--set draws=400000]
--
-- A verdict is a computed number against a tolerance, and nothing else. All is float64; Monte-Carlo estimates may be
-- off by four standard errors. ' is a transpose, ||.|| the largest singular value, delta_w = delta W',
-- delta_u = delta U'e; equations of the supplement are S1, S2, ...
local basin = require "basin"

basin.arguments {
  seed = { type = "integer", default = 0, minimum = 0, help = "of models, perturbations and points" },
  draws = { type = "integer", default = 100000, minimum = 1000, help = "points of a Monte-Carlo estimate" },
  perturbations = { type = "integer", default = 32, minimum = 4, help = "perturbations for each claim" },
}

require "theory.tilts"       -- Theorem 1, Corollary 1
require "theory.robustness"  -- Definitions 1 and 2, Proposition 1, Theorem 2
require "theory.bounds"      -- Corollary 2

local verdicts, rows = require("theory.verdicts").list, {}
for _, v in ipairs(verdicts) do
  local row = rows[#rows]
  if not row or row[1] ~= v.claim then
    row = { v.claim, "", "" }
    rows[#rows + 1] = row
  end
  row[v.as == "printed" and 2 or 3] = v.holds and "holds" or "does not hold"
end
print("\n" .. basin.table { columns = { "claim", "as printed", "instead" }, rows = rows })
return verdicts
