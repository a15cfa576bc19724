-- Adam on Gaussian data, whose best possible loss is known.
local basin = require "basin"

local run = basin.run { name = "example-adam", seed = 0, device = "cpu", precision = "fp32" }
local result = run:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 1000 },
  steps = 100, batch = 32, optimizer = basin.optimizer "adam" { lr = 1e-3 },
}
print(("loss %.3f after %d steps"):format(result.loss, result.steps))
