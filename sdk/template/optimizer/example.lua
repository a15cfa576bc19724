-- my_optimizer beside Adam: the same model, data and seed.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 500, size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local rows = {}
for name, lr in pairs { my_optimizer = 1e-3, adam = 2e-3 } do
  local run = basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }
  local result = run:train {
    model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
    data = data, process = process, steps = 60, batch = 16, optimizer = basin.optimizer(name, { lr = lr }),
  }
  rows[#rows + 1] = { name, result.loss }
end
print(basin.table { columns = { "optimizer", "loss" }, rows = rows })
