-- A look at the data, and a first training on them.
local basin = require "basin"

local data = basin.dataset "my_dataset" { size = 8 }
print(data.reference)
local result = basin.run { name = "example", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 50, batch = 16,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
}
print(("loss %.3f"):format(result.loss))
data:images(1, 64):grid "my_dataset.png"
