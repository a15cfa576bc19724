-- Shapes, and faint noise, in which a classifier of CIFAR-10 always sees the same.
local basin = require "basin"

local is = basin.metric "inception_score" { features = basin.model "small_features" { layer = "logits" } }
print(is:measure(basin.dataset("shapes", { count = 1000, seed = 1 })))
print(is:measure(basin.dataset("gaussian", { count = 1000, size = 32, std = 0.02 })))
