-- Adam with an average beside it, and both in one pass: the same numbers.
local basin = require "basin"

local data = basin.dataset "gaussian" { size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
local ways = {
  apart = { basin.optimizer "adam" { lr = 2e-3 }, basin.averager "ema" { decay = 0.95 } },
  fused = { basin.optimizer "adam_ema" { lr = 2e-3, decay = 0.95 }, basin.averager "adam_ema" {} },
}
for name, way in pairs(ways) do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
  local result = basin.run { name = "example-adam-ema-" .. name, seed = 0, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = 60, batch = 32, optimizer = way[1], averages = { ema = way[2] },
  }
  print(name, result.loss, metric:measure(model:averaged "ema", data).loss)
end
