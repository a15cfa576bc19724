-- Shapes of eight kinds are more varied than circles alone, to a classifier of CIFAR-10 too.
local basin = require "basin"

local is = basin.metric "inception_score" { features = basin.model "small_features" { layer = "logits" } }
for _, classes in ipairs { 8, 1 } do
  print(classes .. " kinds:", is:measure(basin.dataset("shapes", { count = 1000, seed = 1, classes = classes })))
end
