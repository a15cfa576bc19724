-- Shapes against other shapes, and circles alone.
local basin = require "basin"

local kl = basin.metric "gaussian_kl" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
for _, classes in ipairs { 8, 1 } do
  print(kl:measure(basin.dataset("shapes", { count = 1000, seed = 2, classes = classes }), data))
end
