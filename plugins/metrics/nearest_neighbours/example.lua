-- New shapes, and shapes that the data have: a distance of 0 is a copy.
local basin = require "basin"

local search = basin.metric "nearest_neighbours" { features = basin.model "small_features" {} }
local data = basin.dataset "shapes" { count = 1000, seed = 1 }
for _, images in ipairs { basin.dataset("shapes", { count = 50, seed = 2 }):images(1, 50), data:images(101, 50) } do
  local found = search:measure(images, data)
  print(found, "item nearest to the first:", math.tointeger(found.curves[2].y[1]))
end
