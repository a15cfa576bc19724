-- Momentum at equal lr / (1 - momentum).
local basin = require "basin"

local data = basin.dataset "gaussian" { size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
for _, momentum in ipairs { 0, 0.9 } do
  local run = basin.run { name = "example-sgd", seed = 0, device = "cpu", precision = "fp32" }
  local result = run:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} },
    data = data, process = process, steps = 60, batch = 32,
    optimizer = basin.optimizer "sgd" { lr = 0.02 * (1 - momentum), momentum = momentum },
  }
  print(("momentum %.1f: loss %.3f"):format(momentum, result.loss))
end
