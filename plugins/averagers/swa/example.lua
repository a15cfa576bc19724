-- The mean of ten snapshots from the second half of a run.
local basin = require "basin"

local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
local data = basin.dataset "gaussian" { size = 8 }
basin.run { name = "example-swa", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = model, data = data, process = basin.process "vp" { schedule = "cosine", steps = 1000 }, steps = 100, batch = 32,
  optimizer = basin.optimizer "adam" { lr = 2e-3 },
  averages = { swa = basin.averager "swa" { start = 50, every = 5 } },
}
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
print("raw", metric:measure(model, data).loss)
print("swa", metric:measure(model:averaged "swa", data).loss)
