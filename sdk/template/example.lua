-- BASIN_PLUGIN_PATH=build basin run example.lua
local basin = require "basin"

local run = basin.run { name = "example-descent", seed = 0, device = "cpu", precision = "fp32" }
local result = run:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 1000 },
  steps = 20, batch = 32, optimizer = basin.optimizer "descent" { lr = 0.1 },
}
print(("loss %.3f"):format(result.loss))
