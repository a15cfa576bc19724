-- How fast the loss of an untrained model rises in a random direction and up the gradient.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 64, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }

for _, along in ipairs { "random", "gradient" } do
  local found = basin.metric("loss_along", { along = along, radii = { 0.01, 0.03 }, draws = 2, images = 16, bands = 0 })
    :measure(model, data, { process = process })
  local curve = found.curves[1]
  for i, radius in ipairs(curve.x) do print(along, radius, curve.y[i]) end
end
