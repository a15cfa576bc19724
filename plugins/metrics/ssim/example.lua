-- Shapes with themselves, and with others.
local basin = require "basin"

local data, other = basin.dataset "shapes" { count = 64, seed = 1 }, basin.dataset "shapes" { count = 64, seed = 2 }
local images = data:images(1, 64)
for _, name in ipairs { "ssim", "ms_ssim" } do
  local metric = basin.metric(name, {})
  print(metric:measure(images, images), metric:measure(images, other:images(1, 64)))
end
