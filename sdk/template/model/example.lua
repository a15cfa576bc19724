-- my_model beside the U-Net, at equal steps.
local basin = require "basin"

local data = basin.dataset "shapes" { count = 500, size = 8 }
local rows = {}
for name, model in pairs {
  my_model = basin.model "my_model" { image = 8, channels = 32, blocks = 4 },
  adm_unet = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
} do
  local result = basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 60,
    batch = 16, optimizer = basin.optimizer "adam" { lr = 2e-3 },
  }
  rows[#rows + 1] = { name, model.count, result.loss }
end
print(basin.table { columns = { "model", "parameters", "loss" }, rows = rows })
