-- Fewer kinds of shape than the data has: what is drawn is plausible, but much is missing.
local basin = require "basin"

local prdc = basin.metric "precision_recall" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
for _, classes in ipairs { 8, 1 } do
  local found = prdc:measure(basin.dataset("shapes", { count = 1000, seed = 2, classes = classes }), data)
  print(classes .. " kinds: precision " .. tostring(found) .. ", recall " .. found.recall)
end
