-- EMA beside a training, and Switch EMA in it.
local basin = require "basin"

local data = basin.dataset "gaussian" { size = 8 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local metric = basin.metric "lpf" { sigma = 0, draws = 1, images = 256 }
local ways = {
  ema = basin.averager "ema" { decay = 0.9 },
  switch_ema = basin.averager "switch_ema" { decay = 0.9, every = 20 },
}
for name, averager in pairs(ways) do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = {} }
  basin.run { name = "example-" .. name, seed = 0, device = "cpu", precision = "fp32" }:train {
    model = model, data = data, process = process, steps = 100, batch = 32,
    optimizer = basin.optimizer "adam" { lr = 2e-3 }, averages = { average = averager },
  }
  print(name, "raw", metric:measure(model, data).loss, "average", metric:measure(model:averaged "average", data).loss)
end
