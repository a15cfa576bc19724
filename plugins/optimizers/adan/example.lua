-- Adan and Adam.
local basin = require "basin"

local data = basin.dataset "gaussian" { size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local optimizers = {
  adan = basin.optimizer "adan" { lr = 4e-3 },
  adam = basin.optimizer "adam" { lr = 2e-3 },
}
for name, optimizer in pairs(optimizers) do
  local run = basin.run { name = "example-adan-" .. name, seed = 0, device = "cpu", precision = "fp32" }
  local result = run:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} },
    data = data, process = process, steps = 60, batch = 32, optimizer = optimizer,
  }
  print(("%-8s loss %.3f, %.1f s"):format(name, result.loss, result.seconds))
end
